"""Frames to the size of the clip: short side, crop, flip."""

import numpy as np

from keras_magvit.data.randomness import ClipDraw
from keras_magvit.data.windows import spread
from keras_magvit.io.resizing import scale_frame

RANDOM, CENTRE = "random", "centre"


def covering_size(
    height: int, width: int, size: tuple[int, int], zoom: float = 1.0
) -> tuple[int, int]:
    """Returns the smallest size of a frame's own aspect ratio that covers `size`.

    Args:
        height: rows of the frame.
        width: its columns.
        size: `(H, W)` of the clip.
        zoom: how many times `size` is to be covered, at least 1.

    Returns:
        `(H', W')` with `H' >= H` and `W' >= W`, rounded to the nearest.
    """
    rows, columns = round(size[0] * zoom), round(size[1] * zoom)
    scale = max(rows / height, columns / width)
    return max(rows, round(height * scale)), max(columns, round(width * scale))


def cover_frame(
    frame: np.ndarray, size: tuple[int, int], zoom: float = 1.0
) -> np.ndarray:
    """Resizes a frame so that it covers `zoom * size`, antialiased.

    Args:
        frame: uint8 `(H, W, 3)`.
        size: `(H, W)` of the clip.
        zoom: as in `covering_size`.

    Returns:
        uint8 `(H', W', 3)`; the frame itself where it has that size.
    """
    height, width = frame.shape[:2]
    return scale_frame(frame, covering_size(height, width, size, zoom))


def random_crop(
    frames: np.ndarray, size: tuple[int, int], draw: ClipDraw
) -> np.ndarray:
    """Cuts one uniformly placed box of `size` out of every frame: `(T, *size, 3)`."""
    rows, columns = frames.shape[1] - size[0], frames.shape[2] - size[1]
    return _box(
        frames, size, int(draw.top * (rows + 1)), int(draw.left * (columns + 1))
    )


def spread_crop(
    frames: np.ndarray, size: tuple[int, int], crop: int = 0, crops: int = 1
) -> np.ndarray:
    """Cuts one of `crops` evenly spread boxes of `size` out of every frame.

    They lie along the axis that has more to spare, from end to end, and in the middle
    of the other; a single crop is the centre.

    Args:
        frames: `(T, H', W', 3)`, at least `size`.
        size: `(H, W)`.
        crop: which of the boxes, from 0.
        crops: how many there are.

    Returns:
        `(T, H, W, 3)`.
    """
    rows, columns = frames.shape[1] - size[0], frames.shape[2] - size[1]
    along_rows, along_columns = (crops, 1) if rows > columns else (1, crops)
    top = spread(crop, along_rows, rows)
    left = spread(crop, along_columns, columns)
    return _box(frames, size, top, left)


def _box(frames: np.ndarray, size: tuple[int, int], top: int, left: int) -> np.ndarray:
    return frames[:, top : top + size[0], left : left + size[1]]


def mirror(frames: np.ndarray) -> np.ndarray:
    """Swaps left and right."""
    return frames[:, :, ::-1]
