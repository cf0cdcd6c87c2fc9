"""Any video source to frames."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Any

import numpy as np

from keras_magvit.io.animations import open_animation
from keras_magvit.io.arrays import read_array
from keras_magvit.io.containers import open_container
from keras_magvit.io.errors import VideoFileError
from keras_magvit.io.folders import read_folder
from keras_magvit.io.kinds import ANIMATION, CONTAINER, FOLDER, kind_of
from keras_magvit.io.limits import MAX_CLIP_BYTES, MAX_FRAME_PIXELS, MAX_FRAMES
from keras_magvit.io.resizing import resize_frame
from keras_magvit.io.spans import Span
from keras_magvit.io.video import Video, check_frame_rate, to_rgb8


def read_video(
    path: str | os.PathLike[str],
    *,
    num_frames: int | None = None,
    start: int = 0,
    stride: int = 1,
    size: tuple[int, int] | None = None,
    min_frames: int = 1,
    default_frame_rate: float = 8.0,
    max_pixels: int = MAX_FRAME_PIXELS,
    max_frames: int = MAX_FRAMES,
) -> Video:
    """Reads a clip from a file or a folder of frames.

    Read are .mp4, .mov, .m4v, .avi, .webm and .mkv (through PyAV), animated .gif and
    .webp, a folder of .png or .jpg frames in natural order (Pillow), and .npz and .npy.
    An .npz file has `frames`, and may have `frame_rate`; arrays are `(T, H, W, 3)`,
    `(T, H, W)` for grey, or `(T, H, W, 4)`, uint8 or float in [0, 1].

    Grey becomes RGB; what is transparent is composited on black; a rotation stored
    beside the pixels is applied. A source that is cut or damaged is refused, never
    silently shortened.

    Args:
        path: the file or folder.
        num_frames: how many frames to keep; None keeps all.
        start: the first frame kept.
        stride: keep every `stride`-th frame from `start`. The frame rate is divided by
            it, so that the clip keeps its speed.
        size: `(H, W)` of the result: the largest centred box of that aspect ratio,
            resized bicubically with antialiasing. None keeps the size.
        min_frames: the fewest frames that will do after `start` and `stride`.
        default_frame_rate: the rate of a source that stores none (.npy, a folder, an
            .npz without `frame_rate`, a still image).
        max_pixels: the most pixels `H * W` of a source frame, checked before decoding.
        max_frames: the most frames kept. A longer clip is refused rather than cut.

    Returns:
        The clip: frames uint8 `(T, H, W, 3)` and the frame rate.

    Raises:
        VideoFileError: if the source is missing, unreadable, not a video, cut, damaged,
            too large, too short, or changes its frame size. One line that ends with the
            path.
        ValueError: for an argument out of its range.
        ImportError: if PyAV or Pillow is needed and missing.

    Example:
        >>> from keras_magvit.io import read_video, write_video
        >>> write_video("clip.mp4", clip[0])
        >>> read_video("clip.mp4", num_frames=2, size=(8, 8)).frames.shape
        (2, 8, 8, 3)
    """
    for name, value, least in (
        ("num_frames", 1 if num_frames is None else num_frames, 1),
        ("start", start, 0),
        ("stride", stride, 1),
        ("min_frames", min_frames, 1),
        ("max_pixels", max_pixels, 1),
        ("max_frames", max_frames, 1),
    ):
        if value < least:
            raise ValueError(
                f"{name} must be at least {least}. Received: {name}={value}"
            )
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise ValueError(f"size must be (H, W), both positive. Received: size={size!r}")
    name = os.fspath(path)
    source = open_video(Span(name), max_pixels, check_frame_rate(default_frame_rate))
    with source as (frame_rate, frames), closing(frames):
        kept = _keep(frames, start, stride, num_frames, size, max_frames, name)
    least = max(min_frames, num_frames or 1)
    if len(kept) < least:
        raise VideoFileError(
            f"The clip is too short: {len(kept)} frame(s) from frame {start} at "
            f"stride {stride}, and {least} are needed.",
            name,
        )
    return Video(np.stack(kept), frame_rate / stride)


def open_video(file: Span, max_pixels: int, default_frame_rate: float) -> Any:
    """Returns a context of `(frame_rate, generator of all frames)` for any source."""
    kind = kind_of(file)
    if kind == FOLDER:
        return nullcontext((default_frame_rate, read_folder(file.path, max_pixels)))
    if kind == CONTAINER:
        return open_container(file, max_pixels, default_frame_rate)
    if kind == ANIMATION:
        return open_animation(file, max_pixels, default_frame_rate)
    return _open_array(file, max_pixels, default_frame_rate)


@contextmanager
def _open_array(
    file: Span, max_pixels: int, default_frame_rate: float
) -> Iterator[tuple[float, Iterator[np.ndarray]]]:
    array, frame_rate = read_array(file, max_pixels)

    def frames() -> Iterator[np.ndarray]:
        for index, frame in enumerate(array):
            try:
                yield to_rgb8(frame)
            except ValueError as error:
                raise VideoFileError(f"Frame {index}: {error}.", file) from error

    yield frame_rate or default_frame_rate, frames()


def _keep(
    frames: Iterator[np.ndarray],
    start: int,
    stride: int,
    num_frames: int | None,
    size: tuple[int, int] | None,
    max_frames: int,
    path: str,
) -> list[np.ndarray]:
    """Draws the wanted frames from a source, and no frame more than it must."""
    kept: list[np.ndarray] = []
    first_shape, num_bytes = None, 0
    if num_frames is not None and num_frames > max_frames:
        raise ValueError(
            f"num_frames is above max_frames={max_frames}. "
            f"Received: num_frames={num_frames}"
        )
    for index, frame in enumerate(frames):
        first_shape = first_shape or frame.shape
        if frame.shape != first_shape:
            raise VideoFileError(
                f"The frames differ in size: frame {index} is "
                f"{frame.shape[1]}x{frame.shape[0]}, the first is "
                f"{first_shape[1]}x{first_shape[0]}.",
                path,
            )
        if index < start or (index - start) % stride:
            continue
        frame = frame if size is None else resize_frame(frame, size)
        num_bytes += frame.nbytes
        if len(kept) == max_frames or num_bytes > MAX_CLIP_BYTES:
            raise VideoFileError(
                f"The clip is too long: more than {len(kept)} frames. Pass num_frames, "
                "a larger stride, a smaller size, or a larger max_frames.",
                path,
            )
        kept.append(frame)
        if len(kept) == num_frames:
            break
    return kept
