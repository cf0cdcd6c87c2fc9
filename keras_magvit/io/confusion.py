"""A confusion matrix as a picture: what was asked for against what was seen."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_magvit.io.dependencies import import_image
from keras_magvit.io.rows import save_png

_INK, _PAPER, _LIGHT = "#1a1a1a", "#ffffff", "#ffffff"
# The colour of a cell that holds a whole row.
_FULL = np.array([21, 101, 164])
_CELL, _GUTTER, _MARGIN, _POINTS = 48, 2, 12, 14


def confusion_matrix(
    counts: object,
    names: Sequence[str],
    path: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
) -> Any:
    """Draws counts, each row shaded by its shares.

    Args:
        counts: ints `(C, C)`: row what was asked for, column what was seen.
        names: of the C classes.
        path: a .png file to write as well.
        overwrite: whether a file at `path` is replaced.

    Returns:
        A `PIL.Image.Image` in RGB.

    Raises:
        ValueError: if `counts` and `names` do not fit together.
        VideoFileError: if the file exists or cannot be written.
        ImportError: if Pillow is missing.
    """
    counts = np.asarray(counts)
    if not names or counts.shape != (len(names), len(names)) or counts.min() < 0:
        raise ValueError(
            "counts must be a square of numbers of at least 0, a row and a column for "
            f"each name. Received: counts.shape={counts.shape}, names={list(names)}"
        )
    image = import_image()
    from PIL import ImageDraw, ImageFont

    font = ImageFont.load_default(_POINTS)
    heads = [str(label) for label in range(len(names))]
    labels = [f"{name}  {head}" for name, head in zip(names, heads, strict=True)]
    left = 2 * _MARGIN + int(max(font.getlength(label) for label in labels))
    top = 2 * _MARGIN + _POINTS
    side = len(names) * (_CELL + _GUTTER)
    size = left + side + _MARGIN, top + side + _MARGIN
    picture = image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(picture)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, label in enumerate(labels):
        y = top + row * (_CELL + _GUTTER)
        at = left - _MARGIN, y + _CELL / 2
        pen.text(at, label, fill=_INK, font=font, anchor="rm")
        x = left + row * (_CELL + _GUTTER)
        pen.text((x + _CELL / 2, _MARGIN), heads[row], _INK, font, anchor="mt")
        for column, share in enumerate(shares[row]):
            x = left + column * (_CELL + _GUTTER)
            colour = np.rint(255 + share * (_FULL - 255)).astype(int)
            box = (x, y, x + _CELL - 1, y + _CELL - 1)
            pen.rectangle(box, fill=tuple(colour.tolist()), outline="#d7d7dc")
            if counts[row, column]:
                ink = _LIGHT if share > 0.5 else _INK
                middle = x + _CELL / 2, y + _CELL / 2
                pen.text(middle, f"{counts[row, column]}", ink, font, anchor="mm")
    if path is not None:
        save_png(picture, path, overwrite)
    return picture
