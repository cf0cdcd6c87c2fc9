"""What is drawn at random about a clip, as pure functions of the seed and a number."""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

# Every use of the seed has a stream of its own: the first word after the seed.
_ORDER, _SPARE_ORDER, _CLIP, _AUGMENT = range(4)


@dataclass(frozen=True)
class ClipDraw:
    """Everything random about one clip: independent numbers, uniform in [0, 1).

    All of them are drawn whatever the settings, so that turning one augmentation on or
    off leaves the others as they were.
    """

    window: float
    top: float
    left: float
    flip: float
    brightness: float
    contrast: float
    saturation: float
    hue: float


_NUM_DRAWS = len(fields(ClipDraw))


def draw_clip(seed: int, number: int) -> ClipDraw:
    """Returns the draws of example `number` of the stream."""
    values = np.random.default_rng((seed, _CLIP, number)).random(_NUM_DRAWS)
    return ClipDraw(*values.tolist())


def augmentation_generator(seed: int, number: int) -> np.random.Generator:
    """Returns the generator handed to a user's augmentation for example `number`."""
    return np.random.default_rng((seed, _AUGMENT, number))


# An epoch's order is shared by all its examples; workers may straddle two epochs.
@lru_cache(maxsize=8)
def _permutation(seed: int, stream: int, epoch: int, count: int) -> np.ndarray:
    order = np.random.default_rng((seed, stream, epoch)).permutation(count)
    order.setflags(write=False)
    return order


def video_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Returns the order of an epoch: a permutation of `range(count)`, read-only."""
    return _permutation(seed, _ORDER, epoch, count)


def spare_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Returns the order in which an unreadable video's place is filled.

    It is another permutation than the epoch's own, so that the clip which fills in is
    not the next one of the same batch.
    """
    return _permutation(seed, _SPARE_ORDER, epoch, count)
