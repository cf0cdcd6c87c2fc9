"""Videos that are decoded and resized once, and then read from disk."""

import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_magvit.data import framing
from keras_magvit.data.frame_store import FrameStore, StoredFrames
from keras_magvit.data.source import VideoInfo, VideoSource
from keras_magvit.io import VideoFileError
from keras_magvit.io.errors import reason

# Part of every name: what a change of the resizing would have to change.
_VERSION = "bicubic 1"


class CachedSource(VideoSource):
    """A source whose frames are resized for clips of one size, and kept on disk.

    The first time that frames of a video are asked for, all of it is decoded and kept;
    from then on frames are read through a memory map. What cannot be kept, because
    there is no room or the video is damaged further on, is decoded each time. The cache
    changes how fast clips come, never what they are.

    Args:
        source: the videos.
        folder: of the cache; several datasets, settings and processes may share it.
        size: `(H, W)` of the clips.
        zoom: as in `ClipDataset`.
        most_bytes: how large the folder may grow.

    Raises:
        ValueError: if the folder cannot be written to.
    """

    def __init__(
        self,
        source: VideoSource,
        folder: str | os.PathLike[str],
        size: tuple[int, int],
        zoom: float = 1.0,
        most_bytes: int = 2**36,
    ) -> None:
        self.source, self.size, self.zoom = source, size, zoom
        self._store = FrameStore(folder, most_bytes)
        self._making = _Turns()
        # Videos that are not kept, so that their making is not tried again and again.
        self._passed: set[int] = set()

    def __len__(self) -> int:
        return len(self.source)

    def key(self, index: int) -> str:
        return self.source.key(index)

    @property
    def problems(self) -> Mapping[str, str]:
        """Those of the source."""
        return self.source.problems

    @property
    def class_names(self) -> tuple[str, ...]:
        """Those of the source."""
        return self.source.class_names

    def label(self, index: int) -> int:
        return self.source.label(index)

    def fingerprint(self, index: int) -> str:
        size, zoom = tuple(self.size), float(self.zoom)
        return f"{_VERSION} {size} {zoom:g} {self.source.fingerprint(index)}"

    def info(self, index: int) -> VideoInfo:
        stored = self._store.find(self.fingerprint(index))
        if stored is not None:
            return VideoInfo(*stored.shape, stored.frame_rate)
        found = self.source.info(index)
        height, width = self._covering(found)
        return VideoInfo(found.num_frames, height, width, found.frame_rate)

    def frames(self, index: int, indices: Sequence[int]) -> np.ndarray:
        name = self.fingerprint(index)
        stored = self._store.find(name)
        if stored is None and index not in self._passed:
            with self._making.turn(index):
                stored = self._store.find(name) or self._keep(name, index)
        try:
            if stored is not None:
                return stored.frames([int(i) for i in indices])
        except FileNotFoundError:
            pass  # another process needed the room
        return np.stack(
            [self._cover(f) for f in self.source.iter_frames(index, indices)]
        )

    def _keep(self, name: str, index: int) -> StoredFrames | None:
        """Decodes a whole video into the store; None if it is not kept."""
        found = self.source.info(index)
        shape = (found.num_frames, *self._covering(found))
        stored = None
        try:
            if self._store.has_room(shape):
                frames = self.source.iter_frames(index, range(found.num_frames))
                stored = self._store.keep(
                    name, map(self._cover, frames), shape, found.frame_rate
                )
        except VideoFileError:
            pass  # the frames asked for may be sound
        except OSError as error:
            warnings.warn(
                f"The cache cannot be written to ({reason(error)}); videos that are not "
                f"in it are decoded each time. Received: cache={self._store.folder}",
                stacklevel=2,
            )
        if stored is None:
            self._passed.add(index)
        return stored

    def _cover(self, frame: np.ndarray) -> np.ndarray:
        return framing.cover_frame(frame, self.size, self.zoom)

    def _covering(self, info: VideoInfo) -> tuple[int, int]:
        return framing.covering_size(info.height, info.width, self.size, self.zoom)


class _Turns:
    """One thread at a time for each number; others wait and find the work done."""

    def __init__(self) -> None:
        # Two numbers may share a lock, which costs a little waiting and no memory.
        self._locks = [threading.Lock() for _ in range(64)]

    def __reduce__(self) -> tuple[Any, ...]:
        return _Turns, ()

    def turn(self, number: int) -> threading.Lock:
        """Returns the lock of a number."""
        return self._locks[number % len(self._locks)]
