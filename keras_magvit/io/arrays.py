"""Frames out of NumPy files (.npz, .npy), never unpickled.

The header of an array is read and judged before memory is taken for its data: a few
bytes can claim any shape.
"""

import math
import os
import zipfile
import zlib
from typing import IO

import numpy as np

from keras_magvit.io.errors import VideoFileError, reason
from keras_magvit.io.limits import MAX_CLIP_BYTES, check_frame_size
from keras_magvit.io.spans import Span
from keras_magvit.io.video import check_frame_rate

# The arrays of an .npz file that `write_video` writes.
FRAMES, FRAME_RATE = "frames", "frame_rate"

# What the zip reader raises on bad bytes; RuntimeError stands for a password.
_BAD_ZIP = (
    *(zipfile.BadZipFile, zlib.error),
    *(OSError, EOFError, RuntimeError, ValueError),
)


def read_array(file: Span, max_pixels: int) -> tuple[np.ndarray, float | None]:
    """Reads the frames of an .npz or .npy file, by its suffix.

    Args:
        file: the file.
        max_pixels: the most pixels of a frame.

    Returns:
        `(frames, frame_rate)`: uint8 or float `(T, H, W, C)` with C in 1, 3, 4, where
        `(T, H, W)` became C = 1; and a float, or None where the file has no rate.

    Raises:
        VideoFileError: if it is not such a file, or a header claims another size than
            its data has.
    """
    try:
        with file.open() as opened:
            if os.fspath(file).lower().endswith(".npz"):
                return _read_npz(opened, max_pixels, os.fspath(file))
            path = os.fspath(file)
            return _read_pixels(opened, file.size, "array", max_pixels, path), None
    except OSError as error:
        raise VideoFileError(f"Cannot read the file: {reason(error)}.", file) from error


def _read_npz(
    file: IO[bytes], max_pixels: int, path: str
) -> tuple[np.ndarray, float | None]:
    """Reads the array `frames`, and `frame_rate` where there is one.

    Only these two members are looked at, by their exact names, and nothing is
    extracted. A file with a single array of another name is read too.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            name = _frames_member(names, path)
            info = archive.getinfo(name)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise VideoFileError("The .npz file has an unknown compression.", path)
            with archive.open(info) as member:
                frames = _read_pixels(
                    member, info.file_size, name[:-4], max_pixels, path
                )
            frame_rate = None
            if f"{FRAME_RATE}.npy" in names:
                frame_rate = _read_frame_rate(archive, path)
            return frames, frame_rate
    except VideoFileError:
        raise
    except _BAD_ZIP as error:
        raise VideoFileError(
            f"The .npz file is cut or damaged: {reason(error)}.", path
        ) from error


def _frames_member(names: list[str], path: str) -> str:
    wanted = f"{FRAMES}.npy"
    arrays = [
        name
        for name in names
        if name.endswith(".npy") and name != f"{FRAME_RATE}.npy" and "/" not in name
    ]
    if names.count(wanted) > 1:
        raise VideoFileError(f"The .npz file holds {FRAMES!r} twice.", path)
    if wanted in names:
        return wanted
    if len(arrays) == 1:
        return arrays[0]
    raise VideoFileError(
        f"The .npz file has no array named {FRAMES!r}; it holds "
        f"{', '.join(sorted(names)[:5]) or 'nothing'}.",
        path,
    )


def _read_frame_rate(archive: zipfile.ZipFile, path: str) -> float:
    with archive.open(f"{FRAME_RATE}.npy") as member:
        shape, _, dtype = read_header(member, FRAME_RATE, path)
        if math.prod(shape) != 1 or dtype.kind not in "fiu":
            raise VideoFileError(
                f"The array {FRAME_RATE!r} must be a single number.", path
            )
        data = member.read(dtype.itemsize)
    if len(data) != dtype.itemsize:
        raise VideoFileError(f"The array {FRAME_RATE!r} is cut.", path)
    value = np.frombuffer(data, dtype)[0]
    try:
        return check_frame_rate(value)
    except ValueError as error:
        raise VideoFileError(
            f"The stored frame rate {value} is not in (0, 1000].", path
        ) from error


def read_header(
    file: IO[bytes], name: str, path: str
) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Reads the header of an .npy array, and none of its data.

    Args:
        file: open where the array begins; left where its data does.
        name: what the error calls it.
        path: its file, for the error.

    Returns:
        `(shape, whether it is in Fortran order, dtype)`, as the header claims them.

    Raises:
        VideoFileError: if there is no such header.
    """
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            # Version 3 exists for the field names of structured arrays alone.
            raise ValueError(f"unsupported version {version}")
    # The header is a Python literal: a hostile one can end in nearly any exception.
    except Exception as error:
        raise VideoFileError(
            f"The {name!r} data is not a NumPy array ({reason(error)}).", path
        ) from error
    return shape, fortran, dtype


def _read_pixels(
    file: IO[bytes], file_size: int, name: str, max_pixels: int, path: str
) -> np.ndarray:
    """Reads one array of pixels after its header has been believed.

    `file_size` is the length of the header and the data together.
    """
    shape, fortran, dtype = read_header(file, name, path)
    if dtype.hasobject:
        raise VideoFileError(
            f"The array {name!r} holds Python objects, which are never loaded.", path
        )
    if dtype != np.uint8 and dtype.kind != "f":
        raise VideoFileError(
            f"The array {name!r} must be uint8, or float in [0, 1]; it is {dtype}.",
            path,
        )
    colour = len(shape) == 4 and shape[-1] in (1, 3, 4)
    # (H, W, 3) is one picture, not H grey frames of W x 3.
    grey = len(shape) == 3 and shape[-1] not in (3, 4)
    if not (colour or grey) or min(shape) < 1:
        raise VideoFileError(
            f"The array {name!r} must have the shape (T, H, W, 3), or (T, H, W) for "
            f"grey; it claims {tuple(shape)}.",
            path,
        )
    check_frame_size(shape[1], shape[2], max_pixels, path)
    length = math.prod(shape) * dtype.itemsize
    if length > MAX_CLIP_BYTES:
        raise VideoFileError(
            f"The array {name!r} claims {length} bytes, more than the limit of "
            f"{MAX_CLIP_BYTES}.",
            path,
        )
    # Both the header and the zip entry may lie, so the data has the last word.
    present = file_size - file.tell()
    if length != present:
        raise VideoFileError(
            f"The array {name!r} is cut or damaged: its header claims {length} bytes "
            f"of data and {present} are there.",
            path,
        )
    data = file.read(length)
    if len(data) != length:
        raise VideoFileError(
            f"The array {name!r} is cut: {len(data)} of {length} bytes are there.", path
        )
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    return array[..., None] if grey else array
