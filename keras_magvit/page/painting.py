"""A region that a visitor paints on the first frame."""

from io import BytesIO
from pathlib import Path

import gradio as gr
import numpy as np

from keras_magvit.io.dependencies import import_image
from keras_magvit.page.figures import data_uri

SIDE = 32  # cells of the grid that is painted, as in painter.js

_TEMPLATE = """<p class="painter-label">Paint what is to be made anew:</p>
<div class="painter"><img alt="the first frame" src="${value.frame}">
<canvas width="32" height="32" aria-label="paint what is to be made anew"></canvas>
</div><button type="button" class="painter-clear">Clear</button>"""


def painter(frame):
    """The component, hidden at first.

    Args:
        frame: uint8 `(H, W, 3)` to paint on.

    Returns:
        `gradio.HTML`; its value is for `region`.
    """
    return gr.HTML(
        value=unpainted(frame),
        html_template=_TEMPLATE,
        js_on_load=(Path(__file__).parent / "painter.js").read_text(),
        visible=False,
    )


def unpainted(frame):
    """A value of the component: a frame without paint.

    Args:
        frame: uint8 `(H, W, 3)`.

    Returns:
        A dict: the picture, and a "0" or "1" for each cell, in raster order.
    """
    file = BytesIO()
    import_image().fromarray(frame).save(file, "PNG")
    picture = data_uri("image/png", file.getvalue())
    return {"frame": picture, "cells": "0" * SIDE**2}


def region(value, size):
    """What was painted.

    Args:
        value: of the component, as a browser sent it.
        size: `(H, W)`.

    Returns:
        bool `(H, W)`, True where painted.

    Raises:
        ValueError: if it holds no such cells.
    """
    cells = value.get("cells") if isinstance(value, dict) else None
    if not isinstance(cells, str) or len(cells) != SIDE**2 or set(cells) - {"0", "1"}:
        raise ValueError("The region must be a grid of cells, painted or not.")
    grid = np.array([cell == "1" for cell in cells]).reshape(SIDE, SIDE)
    rows, columns = (np.arange(length) * SIDE // length for length in size)
    return grid[rows][:, columns]
