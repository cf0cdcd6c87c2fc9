"""The clips that a visitor starts from: those that come along, and uploads."""

import os
from pathlib import Path

from keras_magvit.io import Video, VideoFileError, read_video
from keras_magvit.io.kinds import ANIMATION_SUFFIXES, CONTAINER_SUFFIXES

# Arrays are left out: a small .npz may unpack to gigabytes.
UPLOAD_SUFFIXES = CONTAINER_SUFFIXES + ANIMATION_SUFFIXES

_FOLDER = Path(__file__).parent / "clips"
_FRAME_RATE = 8.0
_DIGITS, _SHAPES = "moving digit", "moving"


def clip_names(preset):
    """Names of the clips that come along, those like a preset's own data first.

    Args:
        preset: the name of the model that they are for.

    Returns:
        A list of strings for `open_clip`.

    Example:
        >>> from keras_magvit.page.clips import clip_names
        >>> clip_names("moving_digits_mt10_micro")[0]
        'moving digit 0'
    """
    files = sorted(path.stem.replace("_", " ") for path in _FOLDER.glob("*.mp4"))
    drawn = [f"{_DIGITS} {digit}" for digit in range(10)]
    drawn += [f"{_SHAPES} {name}" for name in _shapes((16, 16)).class_names]
    return [*drawn, *files] if "digit" in preset else [*files, *drawn]


def open_clip(name, shape):
    """A clip that comes along, at the size of a model.

    Args:
        name: one of `clip_names`.
        shape: `(T, H, W)`.

    Returns:
        A `Video` of T frames of H x W pixels.

    Raises:
        ValueError: if there is no such clip.
    """
    if name not in clip_names(""):
        raise ValueError(f"There is no such clip. Received: name={name!r}")
    frames, *size = shape
    if name.startswith(_DIGITS):
        return _draw(_digits(size), int(name.removeprefix(_DIGITS)), frames)
    if name.startswith(f"{_SHAPES} "):
        source = _shapes(size)
        kind = source.class_names.index(name.removeprefix(f"{_SHAPES} "))
        return _draw(source, kind, frames)
    path = _FOLDER / f"{name.replace(' ', '_')}.mp4"
    return read_video(path, num_frames=frames, size=tuple(size))


def read_upload(path, shape, limits, start=0, stride=1):
    """A visitor's clip, at the size of a model.

    Args:
        path: the file; its name is the visitor's and never part of a message.
        shape: `(T, H, W)`.
        limits: `Limits`.
        start: the first frame that is kept.
        stride: keep every `stride`-th frame.

    Returns:
        A `Video` of T frames of H x W pixels.

    Raises:
        ValueError: if the file is too large, no video, damaged, too short, or `start`
            or `stride` is out of its range; the text is for the visitor.
    """
    for name, value, least, most in (
        ("first frame", start, 0, limits.first_frame),
        ("stride", stride, 1, limits.stride),
    ):
        if not least <= value <= most:
            raise ValueError(
                f"The {name} must be from {least} to {most}. Received: {value}"
            )
    if os.path.splitext(path)[1].lower() not in UPLOAD_SUFFIXES:
        raise ValueError(f"This is no video file. Read are {' '.join(UPLOAD_SUFFIXES)}")
    if os.path.getsize(path) > limits.upload_bytes:
        raise ValueError(
            f"The file is larger than {limits.upload_bytes / 2**20:.0f} MB."
        )
    frames, *size = shape
    try:
        return read_video(
            path,
            num_frames=frames,
            start=start,
            stride=stride,
            size=tuple(size),
            max_pixels=limits.pixels,
        )
    except VideoFileError as error:
        raise ValueError(error.message) from error


def _digits(size):
    from keras_magvit.data import MovingDigits

    return MovingDigits(10, num_frames=64, size=tuple(size), split="test")


def _shapes(size):
    from keras_magvit.data import MovingShapes

    return MovingShapes(16, num_frames=64, size=tuple(size), split="test")


def _draw(source, index, frames):
    return Video(source.frames(index, range(frames)), _FRAME_RATE)
