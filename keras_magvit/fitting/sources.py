"""What users train on, as batches: clip datasets, arrays, `tf.data`, iterators."""

import itertools
from collections.abc import Iterator, Mapping

import keras
import numpy as np


class ArrayDataset:
    """A dict of arrays as a stream of shuffled batches.

    Example n is a pure function of the seed and n, as in `data.ClipDataset`.

    Args:
        arrays: dict of arrays, or of such dicts, that are as long as each other.
        seed: int >= 0.
        training: endless and shuffled, or once and in order.

    Raises:
        ValueError: if the arrays are empty or differ in length.
    """

    def __init__(self, arrays, seed=0, training=True):
        self.arrays = keras.tree.map_structure(np.asarray, dict(arrays))
        self.seed = seed
        self.training = training
        lengths = {
            len(a) if a.ndim else 0 for a in keras.tree.flatten(self.arrays)
        } or {0}
        if len(lengths) > 1 or 0 in lengths:
            raise ValueError(
                "Arrays must have the same length, at least 1. "
                f"Received: arrays of lengths {sorted(lengths)}"
            )
        (self._length,) = lengths

    def __len__(self):
        return self._length

    def batches(self, batch_size, start=0):
        """Dict batches from example number `start` on."""
        if not self.training:
            for first in range(start, len(self), batch_size):
                yield self._take(np.arange(first, min(first + batch_size, len(self))))
            return
        for first in itertools.count(start, batch_size):
            yield self._take([self._index(n) for n in range(first, first + batch_size)])

    def _index(self, n):
        epoch, place = divmod(n, len(self))
        return np.random.default_rng([self.seed, epoch]).permutation(len(self))[place]

    def _take(self, rows):
        return keras.tree.map_structure(lambda array: array[rows], self.arrays)


def as_dataset(x, seed=0, training=True):
    """Arrays as an `ArrayDataset`; anything else as it is."""
    if isinstance(x, Mapping):
        return ArrayDataset(x, seed, training)
    if isinstance(x, np.ndarray):
        return ArrayDataset({"video": x}, seed, training)
    return x


def check_fits(x, model, task_names=None):
    """Raises ValueError for a token cache that is stale for a model.

    Args:
        x: has a `check`, as `data.TokenCache`; anything else passes.
        model: a `MAGVIT`.
        task_names: the tasks to be looked at; None takes the model's.
    """
    if not hasattr(x, "check"):
        return
    reads = model.conditioning.prefix or model.conditioning.mask_mode == "commit"
    names = model.tasks if task_names is None else task_names
    x.check(model.tokenizer, names if reads else (), model.condition_frames)


def steps_of(x, batch_size):
    """Batches in one pass over `x`; None where nobody knows."""
    if isinstance(x, keras.utils.PyDataset):
        return x.num_batches
    try:
        length = len(x)
    except TypeError:  # iterators, and `tf.data` of unknown or endless length
        return None
    return -(-length // batch_size) if hasattr(x, "batches") else length


def training_batches(x, batch_size, start=0):
    """Batches from step `start` on, without end where `x` can be read again.

    Args:
        x: has `batches(batch_size, start)`, is a `PyDataset`, or is iterable. An
            iterator, or an iterable that is read again from its start, is taken to
            stand where it must.
        batch_size: read by the first kind alone.
        start: step.
    """
    if _is_endless(x):
        yield from x.batches(batch_size, start=start * batch_size)
        return
    while True:
        some = False
        for batch in one_pass(x, batch_size):
            some = True
            yield batch
        if not some or isinstance(x, Iterator):
            return


def one_pass(x, batch_size):
    """The batches of one pass over `x`."""
    if hasattr(x, "batches"):
        stop = steps_of(x, batch_size) if _is_endless(x) else None
        return itertools.islice(x.batches(batch_size), stop)
    if isinstance(x, keras.utils.PyDataset):
        numbers = itertools.count() if x.num_batches is None else range(x.num_batches)
        return (x[i] for i in numbers)
    return iter(x)


def _is_endless(x):
    return hasattr(x, "batches") and getattr(x, "training", True)


class PreparedExamples(keras.utils.PyDataset):
    """Examples that are made already: an evaluation's, the same at every epoch.

    Args:
        examples: list of `Examples`.
    """

    def __init__(self, examples):
        super().__init__()
        self.examples = examples

    def __len__(self):
        return len(self.examples)

    def __getitem__(self, index):
        return tuple(self.examples[index])
