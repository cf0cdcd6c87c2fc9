"""Sheets of clips in motion: GIF for pages, animated PNG for notebooks."""

import numpy as np
from PIL import Image

from keras_magvit.io.rows import Row, draw_rows
from keras_magvit.io.video import to_frames

_COLOURS = 128  # of a palette that all frames share: small files


def moving_sheet(rows, heads=None, scale=None, every=1):
    """Clips side by side, frame by frame.

    Args:
        rows: label -> list of clips, each uint8 or float in [0, 1], `(T, H, W, 3)`; a
            row may be shorter than others, or have None where it has no clip.
        heads: what stands above the columns; None leaves that empty.
        scale: how many times frames are enlarged; None brings them to about 128 pixels.
        every: take every n-th frame.

    Returns:
        A list of `PIL.Image.Image` of one size.
    """
    columns = max(map(len, rows.values()))
    rows = {
        label: [None if clip is None else to_frames(clip) for clip in clips]
        + [None] * (columns - len(clips))
        for label, clips in rows.items()
    }
    length = max(len(c) for clips in rows.values() for c in clips if c is not None)

    def sheet(time):
        cells = {
            label: [None if clip is None else clip[time] for clip in clips]
            for label, clips in rows.items()
        }
        drawn = [Row(label, frames) for label, frames in cells.items()]
        return draw_rows(drawn, heads or [""] * columns, scale)

    return [sheet(time) for time in range(0, length, every)]


def save_animation(pictures, file, kind, frame_rate):
    """Writes pictures as an endless animation.

    Args:
        pictures: list of `PIL.Image.Image` of one size.
        file: a path or an open binary file.
        kind: "GIF" or "PNG".
        frame_rate: pictures a second.
    """
    some = pictures[:: max(1, len(pictures) // 8)]
    mosaic = np.concatenate([np.asarray(picture)[::2, ::2] for picture in some])
    palette = Image.fromarray(mosaic).quantize(_COLOURS)
    first, *others = [p.quantize(palette=palette, dither=0) for p in pictures]
    first.save(
        file,
        kind,
        save_all=True,
        append_images=others,
        duration=1000 / frame_rate,
        loop=0,
    )
