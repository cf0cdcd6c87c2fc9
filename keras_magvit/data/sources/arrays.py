"""Videos that are arrays: in memory, or in an .npz, .npy or HDF5 file."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.io import VideoFileError
from keras_magvit.io.video import describe, to_rgb8


class ArrayVideos(VideoSource):
    """Videos of one size in one array.

    Args:
        videos: `(N, T, H, W, C)`, C in 1, 3, 4, or `(N, T, H, W)` for grey: uint8, or
            float in [0, 1]. An array-like that slices will do (a memory map, an HDF5
            dataset).
        labels: ints `(N,)`, or None.
        class_names: names by label; None takes "0", "1", ... up to the largest label.
        frame_rate: frames a second.
        keys: names of the videos; None numbers them.
        identity: text that stands for the content where reading it would cost too much
            (see `VideoSource.fingerprint`); None hashes each video.

    Raises:
        ValueError: if shapes, dtypes or labels do not fit one another.

    Example:
        >>> videos = np.zeros((3, 20, 16, 16, 3), "uint8")
        >>> source = km.data.ArrayVideos(videos, labels=[0, 1, 0])
        >>> len(source)
        3
    """

    def __init__(
        self,
        videos: Any,
        labels: Sequence[int] | np.ndarray | None = None,
        class_names: Sequence[str] | None = None,
        frame_rate: float = 8.0,
        keys: Sequence[str] | None = None,
        identity: str | None = None,
    ) -> None:
        shape, dtype = tuple(videos.shape), np.dtype(videos.dtype)
        colour = len(shape) == 5 and shape[-1] in (1, 3, 4)
        # (T, H, W, 3) is one video, not T grey ones of H frames.
        grey = len(shape) == 4 and shape[-1] not in (3, 4)
        if not (colour or grey) or 0 in shape[1:]:
            raise ValueError(
                "videos must have the shape (N, T, H, W, 3), or (N, T, H, W) for grey. "
                f"Received: videos={describe(videos)}"
            )
        if dtype != np.uint8 and dtype.kind != "f":
            raise ValueError(
                "videos must be uint8, or float in [0, 1]. "
                f"Received: videos={describe(videos)}"
            )
        self._videos, self._frame_rate = videos, frame_rate
        self._labels = None if labels is None else _labels(labels, shape[0])
        if class_names is None:
            count = 0 if self._labels is None else self._labels.max(initial=-1) + 1
            class_names = [str(label) for label in range(count)]
        self._class_names = tuple(class_names)
        if self._labels is not None and self._labels.max(initial=-1) >= len(
            class_names
        ):
            raise ValueError(
                f"labels must be below len(class_names)={len(class_names)}. "
                f"Received: labels up to {self._labels.max()}"
            )
        if keys is not None and len(set(keys)) != shape[0]:
            raise ValueError(
                f"keys must be {shape[0]} different names. Received: {len(keys)} keys, "
                f"{len(set(keys))} of them different"
            )
        self._keys, self._identity = keys, identity

    def __len__(self) -> int:
        return self._videos.shape[0]

    def key(self, index: int) -> str:
        return f"{index:08d}" if self._keys is None else self._keys[index]

    @property
    def class_names(self) -> tuple[str, ...]:
        return self._class_names

    def label(self, index: int) -> int:
        return UNLABELLED if self._labels is None else int(self._labels[index])

    def fingerprint(self, index: int) -> str:
        if self._identity is not None:
            return f"{self._identity} {index}"
        return fingerprint_of(self._videos[index])

    def info(self, index: int) -> VideoInfo:
        count, height, width = self._videos.shape[1:4]
        return VideoInfo(count, height, width, self._frame_rate)

    def frames(self, index: int, indices: Sequence[int]) -> np.ndarray:
        frames = self._videos[index, list(indices)]
        frames = frames[..., None] if self._videos.ndim == 4 else frames
        try:
            return to_rgb8(frames)
        except ValueError as error:
            raise VideoFileError(f"Damaged video: {error}.", self.key(index)) from error


def fingerprint_of(video: np.ndarray) -> str:
    """Returns a text that changes when an array does."""
    video = np.ascontiguousarray(video)
    return f"{video.dtype} {video.shape} {hashlib.sha256(video.data).hexdigest()}"


def _labels(labels: Sequence[int] | np.ndarray, count: int) -> np.ndarray:
    array = np.asarray(labels)
    if array.shape != (count,) or array.dtype.kind not in "iu" or array.min() < -1:
        raise ValueError(
            f"labels must be {count} ints of at least 0, or -1 for none. "
            f"Received: labels={describe(array)}"
        )
    return array.astype(np.int64)
