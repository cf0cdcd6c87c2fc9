"""Frames out of animated images (GIF, WebP), decoded by Pillow.

The blocks are walked first: that gives the sizes before anything is allocated, the
delays, and whether the file was cut.
"""

import os
import re
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np

from keras_magvit.io.animation_blocks import Structure, kind_of, walk
from keras_magvit.io.dependencies import import_image
from keras_magvit.io.errors import VideoFileError, reason
from keras_magvit.io.limits import check_frame_size
from keras_magvit.io.lossless import RATE_KEY
from keras_magvit.io.spans import Span
from keras_magvit.io.video import to_rgb8

# What browsers show a frame for whose delay is 0.
_ZERO_DELAY_MS = 100

# What `lossless` writes: the rate before the delays were rounded to the format's unit.
_RATE = re.compile(re.escape(RATE_KEY) + rb"([0-9.e+-]{1,32})")
_UNIT_MS = {"GIF": 10, "WEBP": 1}

# The file is walked and decoded from memory.
_MAX_FILE_BYTES = 2**30


@contextmanager
def open_animation(
    file: Span, max_pixels: int, default_frame_rate: float
) -> Iterator[tuple[float, Generator[np.ndarray, None, None]]]:
    """Opens a GIF or WebP file; a still image is a clip of one frame.

    The frame rate is the number of frames over the sum of their delays, or the exact
    rate that `write_video` stores, if it rounds to that sum. A file whose delays are all
    0, or that is a still image, has the default rate.

    Args:
        file: the file.
        max_pixels: the most pixels of a frame, checked before any decoding.
        default_frame_rate: for a file without delays.

    Yields:
        `(frame_rate, frames)`; the frames are uint8 `(H, W, 3)`, decoded on demand,
        transparent pixels composited on black.

    Raises:
        VideoFileError: for a file that is cut, damaged or too large.
        ImportError: if Pillow is missing.
    """
    image = import_image()
    data, kind, structure = read_structure(file, max_pixels)
    frame_rate = _frame_rate(structure, kind) or default_frame_rate
    count = len(structure.delays)
    yield frame_rate, _decode(image, data, kind, count, os.fspath(file))


def read_structure(file: Span, max_pixels: int) -> tuple[bytes, str, Structure]:
    """Reads a GIF or WebP file into memory and walks its blocks.

    Args:
        file: the file.
        max_pixels: the most pixels of a frame.

    Returns:
        The bytes, "GIF" or "WEBP", and the structure, which is complete.

    Raises:
        VideoFileError: for a file that is cut, damaged or too large.
    """
    try:
        with file.open() as opened:
            data = opened.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise VideoFileError(f"Cannot open the file: {reason(error)}.", file) from error
    if len(data) > _MAX_FILE_BYTES:
        raise VideoFileError(
            f"The image file is larger than {_MAX_FILE_BYTES} bytes.", file
        )
    kind = kind_of(data)
    if kind is None:
        raise VideoFileError("The file is not a GIF or WebP image.", file)
    structure = walk(data, kind)
    for height, width in structure.sizes:
        check_frame_size(height, width, max_pixels, file)
    if not structure.complete:
        raise VideoFileError("The image is cut or damaged: its data ends early.", file)
    return data, kind, structure


def _frame_rate(structure: Structure, kind: str) -> float | None:
    """Frames a second by the delays; None where all of them are 0."""
    if not any(structure.delays):
        return None
    total = sum(delay or _ZERO_DELAY_MS for delay in structure.delays)
    exact = _exact_rate(structure.rate_text)
    if exact:
        strays = abs(1000 * len(structure.delays) / exact - total)
        if strays <= _UNIT_MS[kind] / 2 + 1e-6:
            return exact
    return min(1000 * len(structure.delays) / total, 1000.0)


def open_image(image: Any, source: Any, path: str, kinds: list[str]) -> Any:
    """Opens one image file with Pillow, without its own limit on size.

    Args:
        image: the module `PIL.Image`.
        source: the path, or a binary file.
        path: the file, for the error.
        kinds: the Pillow formats to try.

    Returns:
        The image, not decoded yet.

    Raises:
        VideoFileError: if the file is none of `kinds`, cannot be opened, or is one of
            the sizes that Pillow refuses to look at.
    """
    try:
        with warnings.catch_warnings():
            # The caller checks the size against its own limit right after this.
            warnings.simplefilter("ignore", image.DecompressionBombWarning)
            return image.open(source, formats=kinds)
    except image.DecompressionBombError as error:
        raise VideoFileError(
            f"The image is too large: {reason(error)}.", path
        ) from error
    except image.UnidentifiedImageError as error:
        names = " or ".join(kinds)
        raise VideoFileError(f"The file is not a {names} image.", path) from error
    # A damaged header makes Pillow's parsers raise nearly anything.
    except Exception as error:
        denied = isinstance(error, OSError) and error.errno is not None
        what = "Cannot open the image" if denied else "The image is cut or damaged"
        raise VideoFileError(f"{what}: {reason(error)}.", path) from error


def image_pixels(image: Any, path: str) -> np.ndarray:
    """Decodes an open Pillow image.

    Args:
        image: the image, of any mode; 16-bit grey is scaled to 8 bits.
        path: its file, for the error.

    Returns:
        uint8 `(H, W, 3)`, composited on black where it was transparent.

    Raises:
        VideoFileError: if the pixel data is cut, damaged or of another depth.
    """
    try:
        if image.mode.startswith("I;16"):
            deep = np.asarray(image).astype(np.uint32)
            return to_rgb8(((deep + 128) // 257).astype(np.uint8)[..., None])
        if image.mode in ("I", "F"):
            raise VideoFileError(
                f"The image has {image.mode!r} pixels; 8 or 16 bits are read.", path
            )
        transparent = "A" in image.mode or "transparency" in image.info
        return to_rgb8(np.asarray(image.convert("RGBA" if transparent else "RGB")))
    except VideoFileError:
        raise
    # As above: a damaged file ends in OSError, SyntaxError, struct.error and others.
    except Exception as error:
        raise VideoFileError(
            f"The image is cut or damaged: {reason(error)}.", path
        ) from error


def _decode(
    image: Any, data: bytes, kind: str, count: int, path: str
) -> Generator[np.ndarray, None, None]:
    with open_image(image, BytesIO(data), path, [kind]) as animation:
        if getattr(animation, "n_frames", 1) != count:
            raise VideoFileError("The image is damaged: frames are missing.", path)
        for index in range(count):
            try:
                animation.seek(index)
            except Exception as error:  # as in image_pixels
                raise VideoFileError(
                    f"Frame {index} is damaged: {reason(error)}.", path
                ) from error
            yield image_pixels(animation, path)


def _exact_rate(text: bytes) -> float | None:
    """The rate that a file claims, or None if it is no rate."""
    match = _RATE.fullmatch(text)
    try:
        rate = float(match[1]) if match else 0.0
    except ValueError:
        return None
    return rate if 1e-9 < rate <= 1000 else None
