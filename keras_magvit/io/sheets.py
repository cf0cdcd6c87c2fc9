"""A contact sheet: clips as rows of frames."""

import os
from collections.abc import Mapping
from typing import Any

from keras_magvit.io.rows import Row, draw_rows, evenly, save_png
from keras_magvit.io.video import to_frames


def contact_sheet(
    rows: Mapping[str, object],
    columns: int | None = None,
    path: str | os.PathLike[str] | None = None,
    scale: int | None = None,
    *,
    overwrite: bool = False,
) -> Any:
    """Draws clips as labelled rows of frames, e.g. input, condition and result.

    The columns are frame numbers, chosen evenly over the longest clip and the same in
    every row, so that what stands above one another happens at the same time. Where a
    shorter clip has no such frame the cell is grey. Frames are enlarged by whole
    numbers, without smoothing.

    Args:
        rows: label -> clip: uint8 or float in [0, 1], `(T, H, W, 3)`, or a `Video`.
        columns: how many frames; None shows 8, or all of a shorter clip.
        path: a .png file to write as well.
        scale: how many times frames are enlarged; None brings small ones to about 128
            pixels.
        overwrite: whether a file at `path` is replaced.

    Returns:
        A `PIL.Image.Image` in RGB.

    Raises:
        ValueError: if there are no rows, a clip is no such array, `columns` or `scale`
            is below 1, or `path` does not end in .png.
        VideoFileError: if the file exists or cannot be written.
        ImportError: if Pillow is missing.

    Example:
        >>> from keras_magvit.io import contact_sheet
        >>> rows = {"input": clip[0], "result": 1 - clip[0]}
        >>> picture = contact_sheet(rows, path="sheet.png")
    """
    if not rows:
        raise ValueError(f"rows must have at least one clip. Received: rows={rows!r}")
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be at least 1. Received: columns={columns}")
    clips = {label: to_frames(clip, repr(label)) for label, clip in rows.items()}
    longest = max(len(clip) for clip in clips.values())
    chosen = evenly(longest, columns or 8)
    picture = draw_rows(
        [
            Row(label, [clip[i] if i < len(clip) else None for i in chosen])
            for label, clip in clips.items()
        ],
        [str(i) for i in chosen],
        scale,
    )
    if path is not None:
        save_png(picture, path, overwrite)
    return picture
