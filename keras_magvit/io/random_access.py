"""Any frames of any video, without reading all of it."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

import numpy as np

from keras_magvit.io.animations import open_animation, read_structure
from keras_magvit.io.arrays import read_array
from keras_magvit.io.errors import VideoFileError
from keras_magvit.io.folders import frame_paths, read_frame
from keras_magvit.io.index import VideoIndex
from keras_magvit.io.kinds import ANIMATION, CONTAINER, FOLDER, kind_of
from keras_magvit.io.limits import MAX_FRAME_PIXELS
from keras_magvit.io.seeking import index_container, seek_frames
from keras_magvit.io.spans import Span
from keras_magvit.io.video import to_rgb8


def index_video(
    file: Span, default_frame_rate: float = 8.0, max_pixels: int = MAX_FRAME_PIXELS
) -> VideoIndex:
    """Counts the frames of a video and reads the size of the first.

    Args:
        file: anything that `read_video` reads.
        default_frame_rate: the rate of a video that stores none.
        max_pixels: the most pixels of a frame, checked before any decoding.

    Returns:
        The index, for `read_frames`.

    Raises:
        VideoFileError: if the video cannot be read, or is cut.
        ImportError: if PyAV or Pillow is needed and missing.
    """
    kind = kind_of(file)
    if kind == CONTAINER:
        return index_container(file, max_pixels, default_frame_rate)
    if kind == FOLDER:
        paths = frame_paths(file.path)
        height, width = read_frame(paths[0], max_pixels).shape[:2]
        return VideoIndex(len(paths), height, width, default_frame_rate)
    if kind == ANIMATION:
        count = len(read_structure(file, max_pixels)[2].delays)
        with open_animation(file, max_pixels, default_frame_rate) as (rate, frames):
            with closing(frames):
                height, width = next(frames).shape[:2]
                return VideoIndex(count, height, width, rate)
    array, stored = read_array(file, max_pixels)
    count, height, width = array.shape[:3]
    return VideoIndex(count, height, width, stored or default_frame_rate)


def read_frames(
    file: Span,
    index: VideoIndex,
    indices: Sequence[int],
    max_pixels: int = MAX_FRAME_PIXELS,
) -> Iterator[np.ndarray]:
    """Yields some frames of a video: those that reading all of it and slicing gives.

    Args:
        file: the video.
        index: from `index_video`.
        indices: strictly rising, in `[0, index.num_frames)`.
        max_pixels: as for the index.

    Yields:
        uint8 `(index.height, index.width, 3)`.

    Raises:
        VideoFileError: if what must be decoded for these frames is damaged, if a frame
            differs in size, or if the file is not the one that was indexed.
    """
    if not len(indices):
        return
    shape = (index.height, index.width, 3)
    with closing(_frames(file, index, indices, max_pixels)) as frames:
        for number, frame in zip(indices, frames, strict=True):
            if frame.shape != shape:
                raise VideoFileError(
                    f"The frames differ in size: frame {number} is "
                    f"{frame.shape[1]}x{frame.shape[0]}, the first is "
                    f"{index.width}x{index.height}.",
                    file,
                )
            yield frame


def _frames(
    file: Span, index: VideoIndex, indices: Sequence[int], max_pixels: int
) -> Generator[np.ndarray, None, None]:
    kind = kind_of(file)
    if kind == CONTAINER:
        yield from seek_frames(file, index, indices, max_pixels)
    elif kind == FOLDER:
        paths = frame_paths(file.path)
        _check_count(file, len(paths), indices)
        yield from (read_frame(paths[number], max_pixels) for number in indices)
    elif kind == ANIMATION:
        yield from _animation_frames(file, indices, max_pixels)
    else:
        array, _ = read_array(file, max_pixels)
        _check_count(file, len(array), indices)
        for number in indices:
            try:
                yield to_rgb8(array[number])
            except ValueError as error:
                raise VideoFileError(f"Frame {number}: {error}.", file) from error


def _animation_frames(
    file: Span, indices: Sequence[int], max_pixels: int
) -> Iterator[np.ndarray]:
    wanted = set(indices)
    with open_animation(file, max_pixels, 1.0) as (_, frames), closing(frames):
        number = -1
        for number, frame in enumerate(frames):
            if number in wanted:
                yield frame
            if number == indices[-1]:
                return
    _check_count(file, number + 1, indices)


def _check_count(file: Span, count: int, indices: Sequence[int]) -> None:
    if indices[-1] >= count:
        raise VideoFileError(f"The video has no frame {indices[-1]} any more.", file)
