"""Rows of frames with labels, drawn with Pillow: what both kinds of picture share."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_magvit.io.atomic import write_file
from keras_magvit.io.dependencies import import_image

_INK, _QUIET, _PAPER, _ABSENT = "#1a1a1a", "#6b6b6b", "#ffffff", "#ececec"

# A frame is enlarged by whole numbers until its longer side has this many pixels.
_TARGET_SIDE = 128

_GUTTER, _MARGIN = 4, 12
_LABEL_POINTS, _NUMBER_POINTS = 16, 12


@dataclass(frozen=True)
class Row:
    """A label and its cells.

    Args:
        label: what stands left of the cells.
        cells: uint8 `(H, W, 3)` each, or None where the row has no such frame.
    """

    label: str
    cells: Sequence[np.ndarray | None]


def evenly(count: int, wanted: int | None) -> list[int]:
    """Chooses indices from the first to the last, evenly.

    Args:
        count: how many there are.
        wanted: how many to choose; None, or more than there are, chooses all.

    Returns:
        Rising indices in `[0, count)`.
    """
    if wanted is None or wanted >= count:
        return list(range(count))
    if wanted == 1:
        return [0]
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]


def draw_rows(rows: Sequence[Row], heads: Sequence[str], scale: int | None) -> Any:
    """Draws rows of frames under a line of heads.

    A row whose frames are smaller than the largest is enlarged by the whole number
    that brings it nearest, and centred in its cells.

    Args:
        rows: the rows, all with `len(heads)` cells.
        heads: what stands above the columns, e.g. frame numbers.
        scale: how many times the largest frame is enlarged; None chooses the number
            that brings its longer side to 128 pixels, at least 1.

    Returns:
        A `PIL.Image.Image` in RGB.

    Raises:
        ValueError: if `scale` is below 1.
        ImportError: if Pillow is missing.
    """
    image = import_image()
    from PIL import ImageDraw, ImageFont

    if scale is not None and scale < 1:
        raise ValueError(f"scale must be at least 1. Received: scale={scale}")
    shapes = [_shape(row) for row in rows]
    height, width = (max(shape[axis] for shape in shapes) for axis in (0, 1))
    scale = scale or max(1, round(_TARGET_SIDE / max(height, width)))
    height, width = height * scale, width * scale

    font = ImageFont.load_default(_LABEL_POINTS)
    small = ImageFont.load_default(_NUMBER_POINTS)
    label_width = max(int(np.ceil(font.getlength(row.label))) for row in rows)
    left = _MARGIN + label_width + _MARGIN
    top = _MARGIN + _NUMBER_POINTS + 2 * _GUTTER
    sheet = image.new(
        "RGB",
        (
            left + len(heads) * (width + _GUTTER) - _GUTTER + _MARGIN,
            top + len(rows) * (height + _GUTTER) - _GUTTER + _MARGIN,
        ),
        _PAPER,
    )
    pen = ImageDraw.Draw(sheet)
    for column, head in enumerate(heads):
        middle = left + column * (width + _GUTTER) + width / 2
        pen.text((middle, top - _GUTTER), head, fill=_QUIET, font=small, anchor="ms")
    for index, (row, shape) in enumerate(zip(rows, shapes, strict=True)):
        y = top + index * (height + _GUTTER)
        pen.text(
            (left - _MARGIN, y + height / 2),
            row.label,
            fill=_INK,
            font=font,
            anchor="rm",
        )
        times = max(1, min(height // shape[0], width // shape[1]))
        for column, cell in enumerate(row.cells):
            x = left + column * (width + _GUTTER)
            if cell is None:
                pen.rectangle((x, y, x + width - 1, y + height - 1), fill=_ABSENT)
                continue
            large = cell.repeat(times, axis=0).repeat(times, axis=1)
            at = (x + (width - large.shape[1]) // 2, y + (height - large.shape[0]) // 2)
            sheet.paste(image.fromarray(large), at)
    return sheet


def _shape(row: Row) -> tuple[int, ...]:
    return next(cell.shape[:2] for cell in row.cells if cell is not None)


def save_png(picture: Any, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Writes a picture as PNG, whole or not at all.

    Args:
        picture: a `PIL.Image.Image`.
        path: the file, ending in .png.
        overwrite: whether a file that exists is replaced.

    Raises:
        ValueError: if the suffix is not .png.
        VideoFileError: if the file exists or cannot be written.
    """
    name = os.fspath(path)
    if not name.lower().endswith(".png"):
        raise ValueError(f"path must end in .png. Received: path={name!r}")
    write_file(name, lambda place: picture.save(place, format="PNG"), overwrite)
