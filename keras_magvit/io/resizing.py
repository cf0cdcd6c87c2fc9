"""Frames to a given size."""

import math

import numpy as np

from keras_magvit.io.dependencies import import_image

# A box edge this close to a whole pixel is taken to lie on it.
_ROUNDING = 1e-6


def scale_frame(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes a whole frame bicubically, antialiased; its aspect ratio may change.

    Args:
        frame: uint8 `(H, W, 3)`.
        size: the new `(H, W)`.

    Returns:
        uint8 `(*size, 3)`; the frame itself where it has that size.
    """
    if frame.shape[:2] == tuple(size):
        return frame
    image = import_image()
    resized = image.fromarray(frame).resize(
        (size[1], size[0]), image.Resampling.BICUBIC
    )
    return np.asarray(resized)


def resize_frame(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Crops the centre to the target's aspect, then resizes with antialiasing.

    The crop is the largest centred box of the target's aspect ratio, to a fraction of a
    pixel; the resize is bicubic with its support widened when shrinking, so that no
    detail aliases. A frame that has the size already is returned untouched.

    Args:
        frame: uint8 `(H, W, 3)`.
        size: the new `(H, W)`.

    Returns:
        uint8 `(*size, 3)`.
    """
    height, width = frame.shape[:2]
    if (height, width) == tuple(size):
        return frame
    image = import_image()
    scale = min(height / size[0], width / size[1])
    crop_height, crop_width = size[0] * scale, size[1] * scale
    top, left = (height - crop_height) / 2, (width - crop_width) / 2
    # Pillow's filter looks beyond its box, so what lies outside is cut off first, as
    # far as whole pixels allow.
    first_row, first_column = int(top + _ROUNDING), int(left + _ROUNDING)
    last_row = math.ceil(top + crop_height - _ROUNDING)
    last_column = math.ceil(left + crop_width - _ROUNDING)
    centre = frame[first_row:last_row, first_column:last_column]
    box = (
        max(left - first_column, 0.0),
        max(top - first_row, 0.0),
        min(left - first_column + crop_width, float(centre.shape[1])),
        min(top - first_row + crop_height, float(centre.shape[0])),
    )
    resized = image.fromarray(centre).resize(
        (size[1], size[0]), image.Resampling.BICUBIC, box=box
    )
    return np.asarray(resized)
