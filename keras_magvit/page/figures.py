"""What the page shows, as HTML that holds its pictures: nothing is left on the server.

Only numbers and texts of this package stand in it; texts are escaped all the same.
"""

import base64
import html
import os
import tempfile
from io import BytesIO

from keras_magvit.io import decoding_strip, write_video
from keras_magvit.io.lossless import encode_webp
from keras_magvit.io.video import to_frames

# Players smooth what they enlarge, so small clips are enlarged before.
_DOWNLOAD_SIDE = 256
_MEDIA = {"mp4": "video/mp4", "gif": "image/gif", "npz": "application/octet-stream"}
_STRIP_ROWS = 12


def triptych(given, condition, result, frame_rate, caption="", links=""):
    """Input, condition and result side by side; below each other on a phone.

    Args:
        given: uint8 or float in [0, 1], `(T, H, W, 3)`, or None.
        condition: as `given`.
        result: as `given`.
        frame_rate: frames a second.
        caption: text under the result.
        links: HTML of `downloads`.

    Returns:
        HTML.
    """
    cells = []
    for name, clip, text in (
        ("input", given, ""),
        ("condition", condition, "grey: not given"),
        ("result", result, caption),
    ):
        picture = '<div class="empty"></div>'
        if clip is not None:
            picture = (
                f'<img alt="{name}, a looping clip" '
                f'src="{data_uri("image/webp", encode_webp(to_frames(clip), frame_rate))}">'
            )
        cells.append(
            f'<figure id="{name}"><figcaption><b>{name}</b> {html.escape(text)}'
            f"</figcaption>{picture}</figure>"
        )
    return f'<div class="triptych">{"".join(cells)}</div>{links}'


def downloads(result, frame_rate, name):
    """Links that save a result: enlarged as MP4 and GIF, exact as NPZ.

    Args:
        result: float32 `(T, H, W, 3)` in [0, 1].
        frame_rate: frames a second.
        name: of the files, without suffix.

    Returns:
        HTML.
    """
    frames = to_frames(result)
    scale = max(1, _DOWNLOAD_SIDE // max(frames.shape[1:3]))
    large = frames.repeat(scale, axis=1).repeat(scale, axis=2)
    links = []
    for suffix, media in _MEDIA.items():
        data = _encode(frames if suffix == "npz" else large, frame_rate, suffix)
        file = html.escape(f"{name}.{suffix}")
        links.append(
            f'<a download="{file}" href="{data_uri(media, data)}">{suffix}</a>'
        )
    return f'<p class="downloads">Download: {" ".join(links)}</p>'


def strip(views):
    """All steps below each other, undecided cells tinted.

    Args:
        views: `playing.View` of each step.

    Returns:
        HTML.
    """
    picture = decoding_strip(
        [view.video for view in views],
        [view.undecided for view in views],
        rows=_STRIP_ROWS,
    )
    file = BytesIO()
    picture.save(file, "PNG")
    source = data_uri("image/png", file.getvalue())
    return f'<img class="strip" alt="the decoding steps" src="{source}">'


def message(text, is_error=False):
    """A line for the visitor.

    Args:
        text: plain text.
        is_error: whether something went wrong.

    Returns:
        HTML.
    """
    role = "alert" if is_error else "status"
    return f'<p class="message {role}" role="{role}">{html.escape(text)}</p>'


def _encode(frames, frame_rate, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"clip.{suffix}")
        write_video(path, frames, frame_rate)
        with open(path, "rb") as file:
            return file.read()


def data_uri(media, data):
    """A file as an address that holds it.

    Args:
        media: its media type.
        data: its bytes.

    Returns:
        A string for `src` or `href`.
    """
    return f"data:{media};base64,{base64.b64encode(data).decode()}"
