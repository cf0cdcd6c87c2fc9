"""The clips of a protocol by number, whatever could be read of them."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_magvit.data import ClipDataset, VideoSource, registry
from keras_magvit.evaluation.protocols import RANDOM, RealClips
from keras_magvit.io import VideoFileError

_HELD_OUT = ("test", "validation")


class Batch(NamedTuple):
    """Some clips.

    Attributes:
        places: int64 `(B,)`, which of the numbers asked for they are.
        video: float32 `(B, T, H, W, 3)` in [0, 1].
        labels: int32 `(B,)`, -1 for none.
    """

    places: np.ndarray
    video: np.ndarray
    labels: np.ndarray


class NumberedClips:
    """The real clips of a protocol: a finite set, or as many random ones as asked.

    Args:
        dataset: `ClipDataset`.
        wanted: how many real clips there are to be; None takes all. Fewer than all are
            spread evenly over the set.
        endless: whether the clips are random, so that there are always more.

    Attributes:
        count: number of real clips.

    Raises:
        ValueError: if the dataset has no clips.
    """

    def __init__(self, dataset: ClipDataset, wanted: int | None, endless: bool) -> None:
        available = len(dataset)
        if not available:
            raise ValueError(
                f"The dataset has no clips of this length. {dataset.report} "
                f"Received: dataset={dataset.name!r}"
            )
        self.dataset, self.endless = dataset, endless
        self.available = available
        if endless:
            self.count = available if wanted is None else wanted
        else:
            self.count = available if wanted is None else min(wanted, available)

    def number(self, place: int) -> int:
        """The dataset's number of the clip at a place; places go round a finite set."""
        if self.endless:
            return place
        return place % self.count * self.available // self.count

    def halves(self, places: Iterable[int]) -> np.ndarray:
        """0 or 1 for each clip: every second video's clips, and those of the others.

        Random clips of one video may come to lie in both.
        """
        numbers = [self.number(place) for place in places]
        if not self.endless:
            numbers = [self.dataset.slot(number).video for number in numbers]
        return np.unique(numbers, return_inverse=True)[1] % 2

    def read(self, places: Sequence[int]) -> Batch | None:
        """The clips at some places, without those that cannot be read; None if none."""
        examples, found = [], []
        for place in places:
            try:
                examples.append(self.dataset.example(self.number(place)))
                found.append(place)
            except VideoFileError:  # it stands in the dataset's report
                if self.dataset.strict:
                    raise
        if not examples:
            return None
        return Batch(
            np.asarray(found, np.int64),
            np.stack([example["video"] for example in examples]),
            np.stack([example["label"] for example in examples]),
        )


def open_clips(
    dataset: str | os.PathLike[str] | VideoSource,
    real: RealClips,
    num_frames: int,
    size: tuple[int, int],
    wanted: int | None,
    seed: int,
    data_dir: str | os.PathLike[str] | None = None,
) -> NumberedClips:
    """Opens the real clips of a protocol.

    Args:
        dataset: a name or path that `data.registry` knows; or a `VideoSource`, which
            stands for the split.
        real: which clips.
        num_frames: T.
        size: `(H, W)`.
        wanted: how many; None takes all.
        seed: of random clips.
        data_dir: where prepared datasets lie; None takes the usual place.

    Raises:
        ValueError, VideoFileError: if there is no such dataset or split.
    """
    endless = real.windows == RANDOM
    options: dict[str, Any] = {"training": endless, "seed": seed}
    if not endless:
        options["windows_per_video"] = real.windows
        options["crops_per_video"] = real.crops
    if isinstance(dataset, VideoSource):
        clips = ClipDataset(dataset, num_frames, size=size, **options)
        return NumberedClips(clips, wanted, endless)
    *others, last = _splits(os.fspath(dataset), real.split)
    arguments = {
        "num_frames": num_frames,
        "size": size,
        "data_dir": data_dir,
        **options,
    }
    for split in others:
        try:
            clips = registry.clips(dataset, split, **arguments)
            break
        except ValueError as error:
            if f"Received: split={split!r}" not in str(error):
                raise
    else:
        clips = registry.clips(dataset, last, **arguments)
    return NumberedClips(clips, wanted, endless)


def _splits(dataset: str, split: str) -> tuple[str, ...]:
    """Names that a split may have, the likeliest first.

    The held-out split has two names; videos at a path that are not split are all "train",
    and measured whole.
    """
    entry = registry.find(dataset)
    if split not in _HELD_OUT:
        return (split,)
    if entry is None:
        return (*_HELD_OUT, "train")
    return tuple(name for name in _HELD_OUT if name in entry.splits) or (split,)
