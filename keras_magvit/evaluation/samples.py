"""Generated videos, measured and kept batch by batch."""

import re
from collections.abc import Callable

import numpy as np
from keras import ops

from keras_magvit.evaluation.class_reading import read_classes
from keras_magvit.evaluation.clips import NumberedClips
from keras_magvit.evaluation.makers import batch_seed
from keras_magvit.evaluation.store import BATCHES_A_FILE, Arrays, Store, digest

# Samples of each task whose pixels are kept, for the page.
NUM_SHOWN = 4
_SHOWN = "shown_"
# Counts are added up; everything else has one row for each sample.
_COUNTS = "code_counts"


def measure_repeat(
    maker,
    clips: NumberedClips,
    measures,
    store: Store,
    *,
    repeat: int,
    num_samples: int,
    samples_per_clip: int,
    batch_size: int,
    seed: int,
    progress: Callable[[int, int], None],
) -> Arrays:
    """Makes and measures the videos of one repeat, or finds them in the store.

    Sample `s` of repeat `r` is number `r * num_samples + s` of one stream, which takes
    `samples_per_clip` videos of each real clip in turn and begins again at the end.

    Args:
        maker: what makes videos, see `makers`.
        clips: the real clips.
        measures: `Measures`.
        store: where finished files are.
        repeat: which one, from 0.
        num_samples: videos of a repeat.
        samples_per_clip: videos of one clip.
        batch_size: videos at a time.
        seed: of the evaluation.
        progress: called with `(done, total)`.

    Returns:
        Name -> array with one row for each sample whose clip could be read: "features",
        "places" (of the real clip) and the scores; `code_counts` of a reconstruction;
        and in the first repeat `shown_real`, `shown_generated` and `shown_condition`,
        uint8 `(n, T, H, W, 3)`.
    """
    step = batch_size * BATCHES_A_FILE
    parts = []
    for first in range(0, num_samples, step):
        samples = range(first, min(first + step, num_samples))

        def make(samples=samples):
            parts = []
            for start in samples[::batch_size]:
                batch = range(start, min(start + batch_size, samples.stop))
                places = [(repeat * num_samples + s) // samples_per_clip for s in batch]
                drawn = batch_seed(seed, maker.name, repeat, start)
                part = _measure(maker, clips, measures, places, batch_size, drawn)
                if part is not None:
                    parts.append(part)
            shown = NUM_SHOWN if repeat == 0 and samples.start == 0 else 0
            return _joined(parts, shown)

        parts.append(store.get(f"{file_name(maker.name)}-{repeat}-{first:08d}", make))
        progress(samples.stop, num_samples)
    joined = _joined([part for part in parts if part], NUM_SHOWN)
    if not joined:
        raise ValueError(
            f"No clip could be read. {clips.dataset.report} "
            f"Received: dataset={clips.dataset.name!r}"
        )
    return joined


def file_name(task: str) -> str:
    """A task's name as part of a file's; users may call theirs as they like."""
    plain = re.sub("[^a-z0-9_]", "_", task.lower())
    return plain if plain == task else f"{plain[:40]}_{digest(task)[:8]}"


def _measure(maker, clips, measures, places, batch_size, seed) -> Arrays | None:
    read = clips.read(places)
    if read is None:
        return None
    count = len(read.places)
    # A batch that is smaller is filled up: a new shape would be compiled.
    fill = np.minimum(np.arange(batch_size), count - 1)
    video, labels = read.video[fill], read.labels[fill]
    made = maker.make(video, labels, seed)
    found = measures.of_generated(made.fake)
    if maker.is_paired:
        found.update(measures.of_pairs(video, made.fake))
    if made.condition is not None:
        found.update(measures.of_regions(video, made.fake, made.condition))
        found[f"{_SHOWN}condition"] = _pixels(made.condition.video)
    if maker.uses_class and measures.classifier is not None:
        found.update(read_classes(measures.classifier, video, made.fake, labels))
    found[f"{_SHOWN}generated"] = _pixels(made.fake)
    if maker.needs_pixels:
        found[f"{_SHOWN}real"] = _pixels(video)
    found = {name: array[:count] for name, array in found.items()}
    found["places"] = read.places
    if made.ids is not None:
        size = maker.tokenizer.codebook_size
        found[_COUNTS] = np.bincount(made.ids[:count].ravel(), minlength=size)
    return found


def _joined(parts: list[Arrays], shown: int) -> Arrays:
    """Parts one after another; of pixels the first `shown` clips alone."""
    joined: Arrays = {}
    for name in parts[0] if parts else ():
        arrays = [part[name] for part in parts if name in part]
        if name == _COUNTS:
            joined[name] = np.sum(arrays, axis=0)
        elif not name.startswith(_SHOWN):
            joined[name] = np.concatenate(arrays)
        elif shown:
            joined[name] = np.concatenate(arrays)[:shown]
    return joined


def _pixels(video):
    video = np.asarray(ops.convert_to_numpy(video), "float32")
    return np.rint(np.clip(video, 0.0, 1.0) * 255).astype(np.uint8)
