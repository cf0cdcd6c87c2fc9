"""The numbering of evaluation clips: video by video, window by window, crop by crop."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Slot:
    """Which clip of which video.

    Args:
        video: index of the video.
        window: which window of it, from 0.
        crop: which crop of that, from 0.
    """

    video: int
    window: int
    crop: int


class SlotIndex:
    """Finds the slot of a number.

    Args:
        num_videos: how many videos there are.
        windows: windows of a video: one number for all, or one for each.
        crops: crops of a window.
    """

    def __init__(self, num_videos: int, windows: int | Sequence[int], crops: int):
        self._windows, self._crops = 1, crops
        self._ends: np.ndarray | None = None
        if isinstance(windows, int):
            self._windows = windows
            self._total = num_videos * windows
        else:
            self._ends = np.cumsum(np.asarray(windows, np.int64))
            self._total = int(self._ends[-1])

    def __len__(self) -> int:
        return self._total * self._crops

    def __getitem__(self, number: int) -> Slot:
        window, crop = divmod(number, self._crops)
        if self._ends is None:
            video, window = divmod(window, self._windows)
            return Slot(video, window, crop)
        video = int(np.searchsorted(self._ends, window, side="right"))
        first = int(self._ends[video - 1]) if video else 0
        return Slot(video, window - first, crop)
