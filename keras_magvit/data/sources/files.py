"""Videos that are files: what folders, lists and archives have in common."""

import abc
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.io import VideoFileError
from keras_magvit.io.index import VideoIndex
from keras_magvit.io.random_access import index_video, read_frames
from keras_magvit.io.spans import Span

# Frames of all indices that a source remembers, at about 20 bytes each.
_REMEMBERED_FRAMES = 2**21


@dataclass(frozen=True)
class VideoEntry:
    """One video of a source of files.

    Args:
        key: its name in the source.
        file: where it lies.
        label: its class, or -1.
        start: seconds from which on it is used.
        end: seconds up to which it is used; None is its end.
    """

    key: str
    file: Span
    label: int = UNLABELLED
    start: float = 0.0
    end: float | None = None


class VideoFiles(VideoSource):
    """Videos in files, of which no more is decoded than is asked for.

    Subclasses implement `__len__` and `entry`.

    Args:
        class_names: the classes, by label.
        problems: what was found and is no video: key -> reason.
        default_frame_rate: frames a second of a file that does not say.
    """

    def __init__(
        self,
        class_names: Sequence[str] = (),
        problems: Mapping[str, str] | None = None,
        default_frame_rate: float = 8.0,
    ) -> None:
        self._class_names = tuple(class_names)
        self._problems = dict(problems or {})
        self._default_frame_rate = default_frame_rate
        self._indices = _IndexCache()

    @abc.abstractmethod
    def entry(self, index: int) -> VideoEntry:
        """Returns where a video lies."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self._class_names

    @property
    def problems(self) -> Mapping[str, str]:
        """What was found beside the videos and could not be one: key -> reason."""
        return self._problems

    def key(self, index: int) -> str:
        return self.entry(index).key

    def label(self, index: int) -> int:
        return self.entry(index).label

    def info(self, index: int) -> VideoInfo:
        found = self._index(index)
        first, last = self._bounds(self.entry(index), found)
        return VideoInfo(last - first, found.height, found.width, found.frame_rate)

    def frames(self, index: int, indices: Sequence[int]) -> np.ndarray:
        return np.stack(list(self.iter_frames(index, indices)))

    def iter_frames(self, index: int, indices: Sequence[int]) -> Iterator[np.ndarray]:
        entry, found = self.entry(index), self._index(index)
        first, _ = self._bounds(entry, found)
        yield from read_frames(entry.file, found, [first + int(i) for i in indices])

    def fingerprint(self, index: int) -> str:
        entry = self.entry(index)
        place = (entry.file.start, entry.file.length, entry.start, entry.end)
        state = _state(entry.file.path)
        return f"{entry.key} {place} {self._default_frame_rate:g} {state}"

    def _index(self, index: int) -> VideoIndex:
        found = self._indices.get(index)
        if found is None:
            found = index_video(self.entry(index).file, self._default_frame_rate)
            self._indices.put(index, found)
        return found

    def _bounds(self, entry: VideoEntry, found: VideoIndex) -> tuple[int, int]:
        """The first frame that is used, and the one after the last."""
        first, last = round(entry.start * found.frame_rate), found.num_frames
        if entry.end is not None:
            last = min(last, round(entry.end * found.frame_rate))
        if first >= last:
            end = "its end" if entry.end is None else f"{entry.end:g} s"
            raise VideoFileError(
                f"The video of {found.num_frames / found.frame_rate:.2f} s has no frame "
                f"between {entry.start:g} s and {end}.",
                entry.key,
            )
        return first, last


class ListedVideos(VideoFiles):
    """Videos whose entries are at hand.

    Args:
        entries: the videos, in their order; keys are different.
        **kwargs: of `VideoFiles`.
    """

    def __init__(self, entries: Sequence[VideoEntry], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._entries = list(entries)

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, index: int) -> VideoEntry:
        return self._entries[index]


def _state(path: str) -> list[tuple[str, int, int]]:
    """Size and time of a file, or of all files of a folder of frames."""
    try:
        if not os.path.isdir(path):
            status = os.stat(path)
            return [("", status.st_size, status.st_mtime_ns)]
        with os.scandir(path) as entries:
            states = [(e.name, e.stat().st_size, e.stat().st_mtime_ns) for e in entries]
        return sorted(states)
    except OSError:
        return []


class _IndexCache:
    """The indices used last, safe for threads; a pickle of it is empty."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[int, VideoIndex] = OrderedDict()
        self._frames = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return _IndexCache, ()

    def get(self, index: int) -> VideoIndex | None:
        with self._lock:
            if index in self._found:
                self._found.move_to_end(index)
            return self._found.get(index)

    def put(self, index: int, found: VideoIndex) -> None:
        with self._lock:
            if index in self._found:
                return
            self._found[index] = found
            self._frames += found.num_frames
            while self._frames > _REMEMBERED_FRAMES and len(self._found) > 1:
                self._frames -= self._found.popitem(last=False)[1].num_frames
