"""Frames out of video containers (MP4, MOV, AVI, WebM, MKV), decoded by PyAV."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from keras_magvit.io.colour import ACCURATE
from keras_magvit.io.dependencies import import_av
from keras_magvit.io.errors import VideoFileError, reason
from keras_magvit.io.headers import read_claims
from keras_magvit.io.limits import check_frame_size
from keras_magvit.io.video import to_rgb8

# The only demuxers let near a file. Without this a text file named .mp4 could be taken
# for a playlist, which makes FFmpeg open the files that it names.
_DEMUXERS = "mov,mp4,avi,matroska,webm"

# How much earlier than declared the last frame may end: two frames, or this share of
# the length where that is more.
_SHORT_FRAMES = 2
_SHORT_SHARE = 0.02


@contextmanager
def open_container(
    path: str, max_pixels: int, default_frame_rate: float
) -> Iterator[tuple[float, Iterator[np.ndarray]]]:
    """Opens a container for reading its first video track.

    A cut file is refused by three rules. Its bytes must reach as far as its own header
    says (the boxes of MP4, the RIFF length of AVI, the segment of WebM). No packet or
    frame may be damaged. And when every frame has been read, the last one must end no
    earlier than the track declares, within two frames or 2% of the length: frames are
    counted by time because an edit list drops stored frames of a sound file.

    Pixels are taken as stored: the aspect ratio of a non-square pixel is ignored.
    Rotation and mirroring in the display matrix are applied.

    Args:
        path: the file.
        max_pixels: the most pixels of a frame, checked before any decoding.
        default_frame_rate: for a container that states none.

    Yields:
        `(frame_rate, frames)`; the frames are uint8 `(H, W, 3)`, decoded on demand.

    Raises:
        VideoFileError: for a file that is cut, damaged, too large, or without video.
        ImportError: if PyAV is missing.
    """
    av = import_av()
    _check_claims(path, max_pixels)
    try:
        container = av.open(
            # Absolute, so that no name is taken for a protocol such as "concat:".
            os.path.abspath(path),
            options={"format_whitelist": _DEMUXERS, "max_pixels": str(max_pixels)},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoFileError(
            f"The file is not a video, or is cut or damaged ({_why(error)}).", path
        ) from error
    with container:
        stream = _video_stream(av, container, path)
        codec = stream.codec_context
        check_frame_size(codec.height, codec.width, max_pixels, path)
        rate = stream.average_rate or stream.guessed_rate
        frame_rate = float(rate) if rate and 0 < rate <= 1000 else default_frame_rate
        stream.thread_type = "AUTO"
        yield frame_rate, _decode(av, container, stream, frame_rate, path)


def _check_claims(path: str, max_pixels: int) -> None:
    try:
        file_size = os.path.getsize(path)
        with open(path, "rb") as file:
            claims = read_claims(file, file_size)
    except OSError as error:
        raise VideoFileError(f"Cannot open the file: {reason(error)}.", path) from error
    for height, width in claims.sizes:
        check_frame_size(height, width, max_pixels, path)
    if claims.length is not None and claims.length > file_size:
        raise VideoFileError(
            f"The file is cut: it has {file_size} bytes and its header declares "
            f"{claims.length}.",
            path,
        )


def _video_stream(av: Any, container: Any, path: str) -> Any:
    for stream in container.streams.video:
        # Cover art is a video track of one picture.
        if not stream.disposition & av.stream.Disposition.attached_pic:
            if stream.codec_context is None:
                raise VideoFileError("The video has an unknown codec.", path)
            return stream
    kind = "only audio" if container.streams.audio else "no video track"
    raise VideoFileError(f"The file has no pictures ({kind}).", path)


def _decode(
    av: Any, container: Any, stream: Any, frame_rate: float, path: str
) -> Iterator[np.ndarray]:
    index, end = 0, -math.inf
    try:
        for packet in container.demux(stream):
            if packet.is_corrupt:
                raise VideoFileError(
                    f"The video is cut or damaged after frame {index}.", path
                )
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise VideoFileError(f"Frame {index} is damaged.", path)
                if frame.pts is not None:
                    end = max(end, frame.pts + (frame.duration or 0))
                yield _pixels(frame)
                index += 1
    except (av.error.FFmpegError, OSError) as error:
        raise VideoFileError(
            f"The video is cut or damaged after frame {index} ({_why(error)}).", path
        ) from error
    _check_length(stream, end, frame_rate, index, path)


def _check_length(
    stream: Any, end: float, frame_rate: float, decoded: int, path: str
) -> None:
    if end == -math.inf or not stream.duration or stream.time_base is None:
        return
    seconds = float((end - (stream.start_time or 0)) * stream.time_base)
    declared = float(stream.duration * stream.time_base)
    slack = max(_SHORT_FRAMES / frame_rate, _SHORT_SHARE * declared)
    if seconds < declared - slack:
        raise VideoFileError(
            f"The video is cut: its {decoded} frames last {seconds:.2f} of the "
            f"{declared:.2f} seconds that the header declares.",
            path,
        )


def _pixels(frame: Any) -> np.ndarray:
    has_alpha = any(component.is_alpha for component in frame.format.components)
    pixels = frame.to_ndarray(
        format="rgba" if has_alpha else "rgb24", interpolation=ACCURATE
    )
    return orient(to_rgb8(pixels), _display_matrix(frame))


def _display_matrix(frame: Any) -> np.ndarray | None:
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            return np.frombuffer(bytes(data), np.int32).reshape(3, 3)
    return None


def orient(frame: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """Turns and mirrors a frame as its display matrix says, to the quarter turn.

    Args:
        frame: `(H, W, 3)`.
        matrix: int `(3, 3)`, which takes the row vector `(x, y, 1)` to its place on the
            screen, or None.

    Returns:
        The frame, `(W, H, 3)` after a quarter turn.
    """
    if matrix is None:
        return frame
    (a, b), (c, d) = matrix[:2, :2].tolist()
    if abs(a) + abs(d) < abs(b) + abs(c):
        # x runs down the screen and y across it.
        frame, across, down = frame.transpose(1, 0, 2), c, b
    else:
        across, down = a, d
    frame = frame[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]
    return np.ascontiguousarray(frame)


def _why(error: BaseException) -> str:
    text = reason(error)
    # PyAV repeats the path, which our own line names at its end.
    return text.split(": '")[0]
