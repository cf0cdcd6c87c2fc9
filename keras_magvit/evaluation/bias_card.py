"""What the distance says of clips whose quality is known: how to read a number.

The Fréchet distance is biased: of few videos it is large even between halves of the
same set. The card shows that floor, and two failures, measured alike.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from keras_magvit.evaluation.clips import NumberedClips
from keras_magvit.evaluation.features import clip_features
from keras_magvit.evaluation.store import Arrays, Store
from keras_magvit.metrics import degradations, frechet_video

_DEGRADED = {"first_frame_repeated": degradations.frozen, "blurred": degradations.blur}


@dataclass(frozen=True)
class BiasCard:
    """Fréchet distances of real clips to real ones.

    Attributes:
        num_videos: N, clips in all; the halves share no video.
        num_halves: clips in each half.
        half_against_half: one half against the other, the floor for that many clips.
        first_frame_repeated_half: one half against the other's first frames, repeated.
        blurred_half: one half against the other, blurred.
        first_frame_repeated: all N against their own first frames, repeated.
        blurred: all N against themselves, blurred (Gaussian of 1.5 pixels).

    Example:
        >>> card = report.tasks[0].bias_card
        >>> card.half_against_half
    """

    num_videos: int
    num_halves: tuple[int, int]
    half_against_half: float
    first_frame_repeated_half: float
    blurred_half: float
    first_frame_repeated: float
    blurred: float

    def __str__(self):
        first, second = self.num_halves
        return (
            f"{first} real against {second} others: {self.half_against_half:.2f}, their "
            f"first frame repeated {self.first_frame_repeated_half:.2f}, blurred "
            f"{self.blurred_half:.2f}; {self.num_videos} real against themselves with "
            f"the first frame repeated {self.first_frame_repeated:.2f}, blurred "
            f"{self.blurred:.2f}"
        )

    def as_dict(self):
        """As a dict that JSON can hold."""
        return asdict(self)


def bias_card(
    clips: NumberedClips,
    real: Arrays,
    measures,
    store: Store,
    num_videos: int,
    batch_size: int,
    progress: Callable[[int, int], None],
) -> BiasCard:
    """Measures the card.

    Args:
        clips: the real clips.
        real: features of the real clips.
        measures: `Measures`.
        store: where finished files are.
        num_videos: N; clips beyond it are left out.
        batch_size: clips at a time.
        progress: called with `(done, total)`.

    Raises:
        ValueError: if a half has fewer than 2 clips.
    """
    places = range(min(num_videos, clips.count))
    known = np.isin(real["places"], places)
    sets = {"real": {name: array[known] for name, array in real.items()}}
    for step, (name, degrade) in enumerate(_DEGRADED.items()):

        def told(done, total, step=step):
            progress(step * total + done, len(_DEGRADED) * total)

        arguments = (places, clips, measures, store, batch_size, _of_pixels(degrade))
        sets[name] = clip_features(name, *arguments, told)
    halves = clips.halves(sets["real"]["places"])
    counts = int(np.sum(halves == 0)), int(np.sum(halves == 1))
    if min(counts) < 2:
        raise ValueError(
            "Each half of the real clips needs at least 2, of different videos. "
            f"Received: halves of {counts}"
        )

    def distance(name, first, second):
        frames = clips.dataset.num_frames
        one = measures.statistics(sets["real"]["features"][first], frames)
        other = measures.statistics(sets[name]["features"][second], frames)
        return frechet_video.compare(one, other).value

    everything = np.ones(len(halves), bool)
    return BiasCard(
        len(halves),
        counts,
        half_against_half=distance("real", halves == 0, halves == 1),
        first_frame_repeated_half=distance(
            "first_frame_repeated", halves == 0, halves == 1
        ),
        blurred_half=distance("blurred", halves == 0, halves == 1),
        first_frame_repeated=distance("first_frame_repeated", everything, everything),
        blurred=distance("blurred", everything, everything),
    )


def _of_pixels(degrade):
    """A function of uint8 clips, as one of floats."""

    def change(video):
        pixels = np.rint(video * 255).astype(np.uint8)
        return degrade(pixels).astype("float32") / 255

    return change
