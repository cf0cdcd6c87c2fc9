"""Features of real clips, as they are or changed, kept file by file."""

from collections.abc import Callable, Sequence

import numpy as np

from keras_magvit.evaluation.clips import NumberedClips
from keras_magvit.evaluation.store import BATCHES_A_FILE, Arrays, Store


def clip_features(
    name: str,
    places: Sequence[int],
    clips: NumberedClips,
    measures,
    store: Store,
    batch_size: int,
    change: Callable[[np.ndarray], np.ndarray] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Arrays:
    """Features of some clips, found in the store or made.

    Args:
        name: of the files in the store; says what `change` does.
        places: which clips.
        clips: the real clips.
        measures: `Measures`.
        store: where finished files are.
        batch_size: clips at a time.
        change: function of float32 clips `(B, T, H, W, 3)` in [0, 1] that gives what is
            looked at in their place; None looks at them as they are.
        progress: called with `(done, total)`.

    Returns:
        "features" `(N, 400)` and "places" `(N,)` of the clips that could be read.

    Raises:
        ValueError: if none could.
    """
    step = batch_size * BATCHES_A_FILE
    parts = []
    for first in range(0, len(places), step):
        some = places[first : first + step]

        def make(some=some):
            batches = [
                some[i : i + batch_size] for i in range(0, len(some), batch_size)
            ]
            return _joined(
                [_of(b, clips, measures, batch_size, change) for b in batches]
            )

        parts.append(store.get(f"{name}-{first:08d}-{len(some)}", make))
        progress(first + len(some), len(places))
    joined = _joined(parts)
    if not len(joined["features"]):
        raise ValueError(
            f"No clip could be read. {clips.dataset.report} "
            f"Received: dataset={clips.dataset.name!r}"
        )
    return joined


def _of(places, clips, measures, batch_size, change):
    read = clips.read(places)
    if read is None:
        return {
            "features": np.zeros((0, 400), "float32"),
            "places": np.zeros(0, "int64"),
        }
    video = read.video if change is None else change(read.video)
    count = len(video)
    # A batch that is smaller is filled up: a new shape would be compiled.
    video = video[np.minimum(np.arange(batch_size), count - 1)]
    return {"features": measures.features(video)[:count], "places": read.places}


def _joined(parts):
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
