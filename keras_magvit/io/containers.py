"""Frames out of video containers (MP4, MOV, AVI, WebM, MKV), decoded by PyAV."""

import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

import numpy as np

from keras_magvit.io.colour import ACCURATE
from keras_magvit.io.dependencies import import_av
from keras_magvit.io.errors import VideoFileError, reason
from keras_magvit.io.headers import read_claims
from keras_magvit.io.limits import check_frame_size
from keras_magvit.io.spans import Span
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
    file: Span, max_pixels: int, default_frame_rate: float
) -> Iterator[tuple[float, Iterator[np.ndarray]]]:
    """Opens a container for reading its first video track from start to end.

    A cut file is refused by three rules. Its bytes must reach as far as its own header
    says (the boxes of MP4, the RIFF length of AVI, the segment of WebM). No packet or
    frame may be damaged. And when every frame has been read, the last one must end no
    earlier than the track declares, within two frames or 2% of the length: frames are
    counted by time because an edit list drops stored frames of a sound file.

    Pixels are taken as stored: the aspect ratio of a non-square pixel is ignored.
    Rotation and mirroring in the display matrix are applied.

    Args:
        file: the file.
        max_pixels: the most pixels of a frame, checked before any decoding.
        default_frame_rate: for a container that states none.

    Yields:
        `(frame_rate, frames)`; the frames are uint8 `(H, W, 3)`, decoded on demand.

    Raises:
        VideoFileError: for a file that is cut, damaged, too large, or without video.
        ImportError: if PyAV is missing.
    """
    with open_track(file, max_pixels) as stream:
        frame_rate = frame_rate_of(stream, default_frame_rate)
        stream.thread_type = "AUTO"
        pixels = Pixels()
        frames = (pixels(frame) for frame in decode(stream, frame_rate, file))
        yield frame_rate, frames


@contextmanager
def open_track(file: Span, max_pixels: int) -> Iterator[Any]:
    """Opens the first video track of a container, after its header has been judged.

    Args:
        file: the file.
        max_pixels: the most pixels of a frame.

    Yields:
        PyAV's stream; `stream.container` is open.

    Raises:
        VideoFileError, ImportError: as `open_container`.
    """
    av = import_av()
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(file.open())
            _check_claims(opened, file, max_pixels)
            opened.seek(0)
            container = av.open(
                # FFmpeg's own reading is faster. The path is absolute, so that no name
                # is taken for a protocol such as "concat:".
                os.path.abspath(file.path) if file.is_whole else opened,
                options={"format_whitelist": _DEMUXERS, "max_pixels": str(max_pixels)},
                metadata_errors="replace",
            )
        except VideoFileError:
            raise
        except (av.error.FFmpegError, ValueError) as error:
            raise VideoFileError(
                f"The file is not a video, or is cut or damaged ({why(error)}).", file
            ) from error
        except OSError as error:
            raise VideoFileError(
                f"Cannot open the file: {reason(error)}.", file
            ) from error
        stack.enter_context(container)
        stream = _video_stream(av, container, file)
        codec = stream.codec_context
        check_frame_size(codec.height, codec.width, max_pixels, file)
        yield stream


def frame_rate_of(stream: Any, default_frame_rate: float) -> float:
    """Returns the frames a second that a track states, or the default."""
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < rate <= 1000 else default_frame_rate


def _check_claims(opened: BinaryIO, file: Span, max_pixels: int) -> None:
    size = file.size
    claims = read_claims(opened, size)
    for height, width in claims.sizes:
        check_frame_size(height, width, max_pixels, file)
    if claims.length is not None and claims.length > size:
        raise VideoFileError(
            f"The file is cut: it has {size} bytes and its header declares "
            f"{claims.length}.",
            file,
        )


def _video_stream(av: Any, container: Any, file: Span) -> Any:
    for stream in container.streams.video:
        # Cover art is a video track of one picture.
        if not stream.disposition & av.stream.Disposition.attached_pic:
            if stream.codec_context is None:
                raise VideoFileError("The video has an unknown codec.", file)
            return stream
    kind = "only audio" if container.streams.audio else "no video track"
    raise VideoFileError(f"The file has no pictures ({kind}).", file)


def decode(stream: Any, frame_rate: float, file: Span) -> Iterator[Any]:
    """Decodes a track from where its container stands to its end.

    Args:
        stream: from `open_track`, not read yet.
        frame_rate: of the track.
        file: the file, for the error.

    Yields:
        PyAV's frames, in the order in which they are shown.

    Raises:
        VideoFileError: if a packet or frame is damaged, or the track ends early.
    """
    av = import_av()
    index, end = 0, -math.inf
    try:
        for packet in stream.container.demux(stream):
            if packet.is_corrupt:
                raise VideoFileError(
                    f"The video is cut or damaged after frame {index}.", file
                )
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise VideoFileError(f"Frame {index} is damaged.", file)
                if frame.pts is not None:
                    end = max(end, frame.pts + (frame.duration or 0))
                yield frame
                index += 1
    except (av.error.FFmpegError, OSError) as error:
        raise VideoFileError(
            f"The video is cut or damaged after frame {index} ({why(error)}).", file
        ) from error
    check_length(stream, end, frame_rate, index, file)


def check_length(
    stream: Any, end: float, frame_rate: float, num_frames: int, file: Span
) -> None:
    """Refuses a track whose last frame ends earlier than the header declares.

    Args:
        stream: the track.
        end: where its last frame ends, in the stream's time base; -inf if unknown.
        frame_rate: of the track.
        num_frames: how many there were, for the error.
        file: the file, for the error.

    Raises:
        VideoFileError: if it ends more than two frames and 2% of its length early.
    """
    if end == -math.inf or not stream.duration or stream.time_base is None:
        return
    seconds = float((end - (stream.start_time or 0)) * stream.time_base)
    declared = float(stream.duration * stream.time_base)
    slack = max(_SHORT_FRAMES / frame_rate, _SHORT_SHARE * declared)
    if seconds < declared - slack:
        raise VideoFileError(
            f"The video is cut: its {num_frames} frames last {seconds:.2f} of the "
            f"{declared:.2f} seconds that the header declares.",
            file,
        )


class Pixels:
    """Turns PyAV's frames into uint8 `(H, W, 3)`, upright.

    One converter serves all frames: setting it up costs as much as converting a frame.
    """

    def __init__(self) -> None:
        self._converter = import_av().video.reformatter.VideoReformatter()

    def __call__(self, frame: Any) -> np.ndarray:
        has_alpha = any(component.is_alpha for component in frame.format.components)
        converted = self._converter.reformat(
            frame, format="rgba" if has_alpha else "rgb24", interpolation=ACCURATE
        )
        return orient(to_rgb8(converted.to_ndarray()), _display_matrix(frame))


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


def why(error: BaseException) -> str:
    """Returns the short human part of an exception of PyAV."""
    text = reason(error)
    # PyAV repeats the path, which our own line names at its end.
    return text.split(": '")[0]
