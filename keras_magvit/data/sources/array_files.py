"""Array files of many videos: .npz, .npy and HDF5."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.data.sources.array_stores import open_store
from keras_magvit.data.sources.arrays import ArrayVideos, fingerprint_of
from keras_magvit.io import VideoFileError
from keras_magvit.io.video import describe, to_rgb8


class JoinedVideos(VideoSource):
    """Videos of different lengths, one after another in one array of frames.

    Args:
        frames: uint8 `(N, H, W, 3)`; an array-like that slices will do.
        starts: ints `(videos,)`, the first frame of each video, rising from 0.
        frame_rate: frames a second.
        identity: as in `ArrayVideos`.

    Raises:
        ValueError: if shapes or starts do not fit one another.

    Example:
        >>> source = km.data.JoinedVideos(np.zeros((30, 16, 16, 3), "uint8"), starts=[0, 10])
        >>> len(source)
        2
    """

    def __init__(
        self,
        frames: Any,
        starts: Any,
        frame_rate: float = 8.0,
        identity: str | None = None,
    ) -> None:
        starts = np.asarray(starts)
        rising = starts.ndim == 1 and starts.dtype.kind in "iu" and len(starts)
        if not rising or starts[0] != 0 or (np.diff(starts.astype(np.int64)) < 1).any():
            raise ValueError(
                "starts must be ints that rise from 0. "
                f"Received: starts={describe(starts)}"
            )
        shape = tuple(frames.shape)
        if len(shape) != 4 or shape[-1] != 3 or frames.dtype != np.uint8:
            raise ValueError(
                "frames must be uint8 of shape (N, H, W, 3). "
                f"Received: frames={describe(frames)}"
            )
        self._bounds = np.append(starts.astype(np.int64), shape[0])
        if self._bounds[-2] >= shape[0]:
            raise ValueError(
                f"starts must be below the number of frames, {shape[0]}. "
                f"Received: starts up to {self._bounds[-2]}"
            )
        self._frames, self._frame_rate = frames, frame_rate
        self._identity = identity

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def key(self, index: int) -> str:
        return f"{index:08d}"

    def label(self, index: int) -> int:
        del index
        return UNLABELLED

    def fingerprint(self, index: int) -> str:
        if self._identity is not None:
            return f"{self._identity} {index}"
        return fingerprint_of(self.frames(index, range(self.info(index).num_frames)))

    def info(self, index: int) -> VideoInfo:
        count = int(self._bounds[index + 1] - self._bounds[index])
        height, width = self._frames.shape[1:3]
        return VideoInfo(count, height, width, self._frame_rate)

    def frames(self, index: int, indices: Sequence[int]) -> np.ndarray:
        first = int(self._bounds[index])
        return to_rgb8(self._frames[[first + int(i) for i in indices]])


def open_array_file(path: str, split: str, **options: Any) -> VideoSource:
    """Opens an array file.

    A file has `videos`, and may have `labels` and `class_names`, as `ArrayVideos` takes
    them; an .npy file is the videos alone. A file with several splits has `train_videos`,
    `validation_videos`, and so on, or in HDF5 groups `train`, `validation`, ... .
    `train_data` with `train_idx`, frames one after another and where each video starts,
    is read too.

    Args:
        path: an .npz, .npy, .h5 or .hdf5 file.
        split: which of them.
        **options: of `ArrayVideos`.

    Returns:
        The source.

    Raises:
        ValueError: if the file has no such split, or its arrays do not fit.
        VideoFileError: if it cannot be read.
    """
    store = open_store(path)
    options.setdefault("identity", _identity(path, split))
    joined = (f"{split}_data", f"{split}_idx")
    if all(name in store.names for name in joined):
        frames, starts = store.array(joined[0]), store.small(joined[1])
        return JoinedVideos(frames, starts, **options)
    heads = (f"{split}_", f"{split}/", *([""] if split == "train" else []))
    head = next((head for head in heads if f"{head}videos" in store.names), None)
    if head is None:
        raise ValueError(
            f"{path} has no videos of the split: it holds {sorted(store.names)[:10]}, "
            f"and 'videos' or '{split}_videos' is needed. Received: split={split!r}"
        )
    for name in ("labels", "class_names"):
        there = [h + name for h in (head, "") if h + name in store.names]
        # Labels are a split's own; the classes may be everybody's.
        if there and (name == "class_names" or there[0] == head + name):
            options.setdefault(name, store.small(there[0]))
    if options.get("class_names") is not None:
        options["class_names"] = [_text(name) for name in options["class_names"]]
    try:
        return ArrayVideos(store.array(f"{head}videos"), **options)
    except ValueError as error:
        raise VideoFileError(str(error).split(" Received: ")[0], path) from error


def _identity(path: str, split: str) -> str:
    status = os.stat(path)
    return f"{os.path.abspath(path)} {split} {status.st_size} {status.st_mtime_ns}"


def _text(name: object) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
