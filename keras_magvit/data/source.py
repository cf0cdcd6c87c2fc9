"""What every dataset is read from: videos in a fixed order, any frame of any of them."""

import abc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# The label of a video whose class is not known.
UNLABELLED = -1


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video before its frames are read.

    Args:
        num_frames: how many frames can be asked for, at least 1.
        height: rows of a frame as `VideoSource.frames` returns it.
        width: columns of such a frame.
        frame_rate: frames a second, above 0.

    Example:
        >>> MovingShapes(4, num_frames=20, size=(32, 32)).info(0).num_frames
        20
    """

    num_frames: int
    height: int
    width: int
    frame_rate: float


class VideoSource(abc.ABC):
    """Random access to the frames of videos.

    A source is a pure function of its arguments: the same index gives the same video in
    every process and every run. It can be pickled, so that worker processes read from
    copies of it; what it opens (files, decoders) it opens when first asked, and leaves
    out of the pickle.

    Subclasses implement `__len__`, `key`, `info` and `frames`, and where videos have
    classes also `class_names` and `label`.

    Example:
        >>> isinstance(MovingShapes(4), km.data.VideoSource)
        True
    """

    @abc.abstractmethod
    def __len__(self) -> int:
        """The number of videos."""

    @abc.abstractmethod
    def key(self, index: int) -> str:
        """Returns a name of the video that is unique in the source and stays the same.

        For files it is the path relative to the root, with `/` on every system.
        """

    @abc.abstractmethod
    def info(self, index: int) -> VideoInfo:
        """Returns the length, size and rate of a video, without decoding all of it.

        Raises:
            io.VideoFileError: if the video cannot be read.
        """

    @abc.abstractmethod
    def frames(self, index: int, indices: Sequence[int]) -> np.ndarray:
        """Reads some frames of a video, and decodes no more than it must.

        Args:
            index: the video, in `[0, len(self))`.
            indices: the frames, strictly rising, in `[0, info(index).num_frames)`.

        Returns:
            uint8 `(len(indices), H, W, 3)`; the caller does not write to it.

        Raises:
            io.VideoFileError: if the video cannot be read.
        """

    def iter_frames(self, index: int, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yields what `frames` returns one frame at a time, uint8 `(H, W, 3)`.

        Sources of large frames implement this one, so that a clip is never held in
        memory at full size.
        """
        yield from self.frames(index, indices)

    @property
    def problems(self) -> Mapping[str, str]:
        """What was found beside the videos and could not be one: key -> reason."""
        return {}

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, by label; empty where videos have none."""
        return ()

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 where videos have none."""
        return len(self.class_names)

    def label(self, index: int) -> int:
        """Returns the class of a video in `[0, num_classes)`, or -1 if it has none."""
        del index
        return UNLABELLED

    def fingerprint(self, index: int) -> str:
        """Returns a text that changes when the content of a video does.

        Caches are keyed by it. The default is the key, which is right for content that
        never changes under one key; files add their size and time.
        """
        return self.key(index)
