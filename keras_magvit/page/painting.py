"""A region that a visitor paints on the first frame."""

from io import BytesIO
from pathlib import Path

import gradio as gr
import numpy as np

from keras_magvit.io.dependencies import import_image
from keras_magvit.page.figures import data_uri

SIDE = 32  # cells of the grid that is painted, as in painter.js

_TEMPLATE = """<div class="painter"><img alt="the first frame" src="${frame}">
<canvas width="32" height="32" aria-label="paint what is to be made anew"></canvas>
</div><button type="button" class="painter-clear">Clear</button>"""


def painter(frame):
    """The component, hidden at first.

    Args:
        frame: uint8 `(H, W, 3)` to paint on.

    Returns:
        `gradio.HTML`; its value is a string for `region`.
    """
    return gr.HTML(
        value="0" * SIDE**2,
        label="Paint what is to be made anew",
        show_label=True,
        html_template=_TEMPLATE,
        js_on_load=(Path(__file__).parent / "painter.js").read_text(),
        visible=False,
        frame=_picture(frame),
    )


def on_frame(frame):
    """An update of the component: the same paint on another frame.

    Args:
        frame: uint8 `(H, W, 3)`.

    Returns:
        What an event hands to the component.
    """
    return gr.HTML(frame=_picture(frame))


def region(cells, size):
    """What was painted.

    Args:
        cells: the value of the component.
        size: `(H, W)`.

    Returns:
        bool `(H, W)`, True where painted.

    Raises:
        ValueError: if `cells` is no such string.
    """
    if not isinstance(cells, str) or len(cells) != SIDE**2 or set(cells) - {"0", "1"}:
        raise ValueError("The region must be a grid of cells, painted or not.")
    grid = np.array([cell == "1" for cell in cells]).reshape(SIDE, SIDE)
    rows, columns = (np.arange(length) * SIDE // length for length in size)
    return grid[rows][:, columns]


def _picture(frame):
    file = BytesIO()
    import_image().fromarray(frame).save(file, "PNG")
    return data_uri("image/png", file.getvalue())
