"""What the notebooks share: held-out clips, and clips that move on the page."""

import io
import sys
from pathlib import Path

from IPython.display import Image

from keras_magvit.io.strips import tinted

sys.path.append(str(Path(__file__).parents[1]))  # the examples without a notebook

from held_out import held_out_clips
from moving_pictures import moving_sheet, save_animation

__all__ = ["held_out_clips", "play", "tinted"]


def play(rows, heads=None, scale=None, every=2, frame_rate=4):
    """Clips side by side, all in motion.

    Args:
        rows: label -> list of clips, each uint8 or float in [0, 1], `(T, H, W, 3)`.
        heads: what stands above the columns; None leaves that empty.
        scale: how many times frames are enlarged; None brings them to about 128 pixels.
        every: show every n-th frame alone.
        frame_rate: of the frames that are shown, a second.

    Returns:
        An animated PNG, which every code host shows.
    """
    file = io.BytesIO()
    pictures = moving_sheet(rows, heads, scale, every)
    save_animation(pictures, file, "PNG", frame_rate)
    return Image(file.getvalue())
