"""The file between `tokenize` and `detokenize`: ids, and what they belong to."""

import math
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from keras_magvit.cli.errors import CommandError

# All members together, in memory; 2**28 bytes are 67 million ids.
_MAX_BYTES = 2**28
_MEMBERS = ("ids", "num_frames", "frame_rate", "video_shape", "codebook_size", "preset")
_BAD_FILE = (
    *(OSError, EOFError, ValueError, KeyError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, SyntaxError),
)


class Tokens(NamedTuple):
    """Ids of a video.

    Attributes:
        ids: int32 `(windows, t, h, w)`.
        num_frames: of the video; what goes beyond them in the last window is filling.
        frame_rate: frames a second.
        video_shape: `(T, H, W)` of a window.
        codebook_size: K; ids are in `[0, K)`.
        preset: what the tokenizer was called.
    """

    ids: np.ndarray
    num_frames: int
    frame_rate: float
    video_shape: tuple[int, ...]
    codebook_size: int
    preset: str


def write(path: str, tokens: Tokens) -> None:
    """Writes tokens as .npz; the same tokens make the same bytes."""
    with open(path, "xb") as file:
        np.savez_compressed(file, **tokens._asdict())


def read(path: str) -> Tokens:
    """Reads what `write` wrote; nothing is unpickled, and sizes are checked first.

    Raises:
        CommandError: if it is not such a file, or its parts do not fit together.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {name: _member(archive, name) for name in _MEMBERS}
        preset = _text(arrays["preset"])
    except _BAD_FILE as error:
        reason = getattr(error, "strerror", None)
        reason = reason or "not a token file, as `tokenize` writes it, or damaged"
        raise CommandError(f"{path!r}: {reason}") from error
    tokens = Tokens(
        arrays["ids"],
        int(arrays["num_frames"]),
        float(arrays["frame_rate"]),
        tuple(int(n) for n in arrays["video_shape"]),
        int(arrays["codebook_size"]),
        preset,
    )
    most = len(tokens.ids) * tokens.video_shape[0]
    if not (0 < tokens.num_frames <= most and 0 < tokens.frame_rate <= 1000):
        raise CommandError(
            f"{path!r}: claims {tokens.num_frames} frames at {tokens.frame_rate} a "
            f"second in {len(tokens.ids)} windows"
        )
    return tokens


def _member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError("unknown version")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        length = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or length > _MAX_BYTES or not _fits(name, shape, dtype):
            raise ValueError(f"{name} is {dtype} of shape {shape}")
        data = member.read(length + 1)
    if len(data) != length:
        raise ValueError("another length than claimed")
    return np.frombuffer(data, dtype).reshape(shape)


def _text(array: np.ndarray) -> str:
    """The text of a `U` array; NumPy's own way has no good error for bad characters."""
    order = "be" if array.dtype.str[0] == ">" else "le"
    return array.tobytes().decode(f"utf-32-{order}", "surrogatepass").rstrip("\0")


def _fits(name: str, shape: tuple[int, ...], dtype: np.dtype) -> bool:
    if name == "ids":
        return dtype == np.int32 and len(shape) == 4 and 0 not in shape
    if name == "preset":
        return dtype.kind == "U" and shape == () and dtype.itemsize < 2**14
    if name == "frame_rate":
        return dtype.kind == "f" and shape == ()
    return dtype.kind == "i" and shape == ((3,) if name == "video_shape" else ())
