"""A strip of decoding steps: what is decided when."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_magvit.io.rows import Row, draw_rows, evenly, save_png
from keras_magvit.io.video import describe, to_frames

# The colour of a cell that is not decided yet, and how much of it is laid on.
_TINT, _OPACITY = np.array([255, 0, 144]), 0.5


def decoding_strip(
    videos: Sequence[object],
    masks: Sequence[object],
    columns: int | None = None,
    path: str | os.PathLike[str] | None = None,
    scale: int | None = None,
    *,
    rows: int | None = None,
    overwrite: bool = False,
) -> Any:
    """Draws one row for each decoding step, with the undecided cells tinted.

    Args:
        videos: the decoded clip after each step, all the steps: uint8 or float in
            [0, 1], `(T, H, W, 3)`, the same shape for every step.
        masks: bool `(t, h, w)` for each step; True where a latent cell is not decided
            yet. A cell covers the pixels at its place: pixel `i` of `I` belongs to
            cell `i * cells // I` on every axis.
        columns: how many frames, chosen evenly; None shows 8, or all of a shorter clip.
        path: a .png file to write as well.
        scale: how many times frames are enlarged; None brings small ones to about 128
            pixels.
        rows: how many steps, chosen evenly with the first and the last; None shows 6,
            or all when there are fewer.
        overwrite: whether a file at `path` is replaced.

    Returns:
        A `PIL.Image.Image` in RGB; row labels read "step 3/12".

    Raises:
        ValueError: if there are no steps, another number of masks, a clip or mask of
            another kind or shape, `columns`, `rows` or `scale` below 1, or a `path`
            that does not end in .png.
        VideoFileError: if the file exists or cannot be written.
        ImportError: if Pillow is missing.

    Example:
        >>> from keras_magvit.io import decoding_strip
        >>> open_cells = [np.ones((2, 4, 4), bool), np.zeros((2, 4, 4), bool)]
        >>> picture = decoding_strip([clip[0], clip[0]], open_cells)
    """
    steps = len(videos)
    if steps == 0 or steps != len(masks):
        raise ValueError(
            "videos and masks must have one entry for each step. "
            f"Received: len(videos)={steps}, len(masks)={len(masks)}"
        )
    for name, value in (("columns", columns), ("rows", rows)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1. Received: {name}={value}")
    drawn, shape = [], None
    for step in evenly(steps, rows or 6):
        clip = to_frames(videos[step], f"videos[{step}]")
        shape = shape or clip.shape
        if clip.shape != shape:
            raise ValueError(
                f"every step must have the shape {shape}. "
                f"Received: videos[{step}].shape={clip.shape}"
            )
        chosen = evenly(len(clip), columns or 8)
        clip = tinted(clip, _check_mask(masks[step], step))
        drawn.append(Row(f"step {step + 1}/{steps}", [clip[i] for i in chosen]))
    picture = draw_rows(drawn, [str(i) for i in chosen], scale)
    if path is not None:
        save_png(picture, path, overwrite)
    return picture


def _check_mask(mask: object, step: int) -> np.ndarray:
    array = np.asarray(mask)
    if array.dtype != np.bool_ or array.ndim != 3 or array.size == 0:
        raise ValueError(
            "a mask must be a bool array of shape (t, h, w). "
            f"Received: masks[{step}]={describe(array)}"
        )
    return array


def tinted(clip: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lays the tint on the pixels of every True cell.

    Args:
        clip: uint8 `(T, H, W, 3)`.
        mask: bool `(t, h, w)`; a cell covers the pixels at its place.

    Returns:
        uint8 `(T, H, W, 3)`.
    """
    for axis, length in enumerate(clip.shape[:3]):
        cells = np.arange(length) * mask.shape[axis] // length
        mask = mask.take(cells, axis=axis)
    blend = clip * (1 - _OPACITY) + _TINT * _OPACITY
    return np.where(mask[..., None], np.rint(blend).astype(np.uint8), clip)
