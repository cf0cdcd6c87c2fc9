"""Frames out of a folder of PNG or JPEG images."""

import os
import re
import stat
from collections.abc import Iterator

import numpy as np

from keras_magvit.io.animations import image_pixels, open_image
from keras_magvit.io.dependencies import import_image
from keras_magvit.io.errors import VideoFileError, reason
from keras_magvit.io.limits import check_frame_size

FRAME_SUFFIXES = (".png", ".jpg", ".jpeg")

_ORIENTATION = 0x0112  # the EXIF tag


def frame_paths(folder: str) -> list[str]:
    """Lists a folder's frames in natural order: frame_2 before frame_10.

    Hidden files and files of other kinds are passed over.

    Args:
        folder: the folder.

    Returns:
        The paths, at least one.

    Raises:
        VideoFileError: if the folder cannot be read or has no frames.
    """
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise VideoFileError(
            f"Cannot read the folder: {reason(error)}.", folder
        ) from error
    names = [
        name
        for name in names
        if name.lower().endswith(FRAME_SUFFIXES) and not name.startswith(".")
    ]
    if not names:
        raise VideoFileError(
            "The folder has no frames (.png, .jpg or .jpeg files).", folder
        )
    return [os.path.join(folder, name) for name in sorted(names, key=_natural)]


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    parts = re.split(r"([0-9]+)", name.lower())
    # The name itself at the end keeps the order fixed for "1.png" and "01.png".
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts
    ], name


def read_frame(path: str, max_pixels: int) -> np.ndarray:
    """Reads one image file, turned as its EXIF orientation says.

    Args:
        path: the file.
        max_pixels: the most pixels that it may have, checked before decoding.

    Returns:
        uint8 `(H, W, 3)`, composited on black where it was transparent.

    Raises:
        VideoFileError: if it is not a sound PNG or JPEG, or too large.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise VideoFileError("The frame is not a regular file.", path)
    except OSError as error:
        raise VideoFileError(
            f"Cannot open the frame: {reason(error)}.", path
        ) from error
    with open_image(import_image(), path, path, ["PNG", "JPEG"]) as image:
        check_frame_size(image.height, image.width, max_pixels, path)
        pixels = image_pixels(image, path)
        try:
            orientation = image.getexif().get(_ORIENTATION, 1)
        except Exception:  # a damaged EXIF block is no reason to refuse sound pixels
            orientation = 1
    return _turn(pixels, orientation)


def _turn(pixels: np.ndarray, orientation: object) -> np.ndarray:
    """Undoes the eight EXIF orientations (1 is upright)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def read_folder(folder: str, max_pixels: int) -> Iterator[np.ndarray]:
    """Reads the frames of a folder one after the other.

    Args:
        folder: the folder.
        max_pixels: the most pixels of one frame.

    Yields:
        uint8 `(H, W, 3)`.

    Raises:
        VideoFileError: as `frame_paths` and `read_frame`.
    """
    for path in frame_paths(folder):
        yield read_frame(path, max_pixels)
