"""What users train on, as batches: clip datasets, arrays, `tf.data`, iterators."""

import itertools
from collections.abc import Iterator, Mapping

import keras
import numpy as np

from keras_magvit import backend


class ArrayDataset:
    """A dict of arrays as a stream of shuffled batches.

    Example n is a pure function of the seed and n, as in `data.ClipDataset`.

    Args:
        arrays: dict of arrays, or of such dicts, that are as long as each other.
        seed: int >= 0.
        training: endless and shuffled, or once and in order.
        share: `(index, count)`: part `index` of `count` of every batch.

    Raises:
        ValueError: if the arrays are empty or differ in length.
    """

    def __init__(self, arrays, seed=0, training=True, share=(0, 1)):
        self.arrays = keras.tree.map_structure(np.asarray, dict(arrays))
        self.seed = seed
        self.training = training
        self.share = share
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
        """Dict batches of this share, from its example number `start` on."""
        index, count = self.share
        for first in itertools.count(start * count, batch_size * count):
            size = batch_size * count
            if not self.training:
                size = min(size, len(self) - first)
            if size <= 0:
                return
            numbers = range(
                first + size * index // count, first + size * (index + 1) // count
            )
            rows = [self._index(n) for n in numbers] if self.training else numbers
            yield self._take(list(rows))

    def shard(self, num_shards, index, batch_size=None):
        """As `data.ExampleStream.shard`; the length stays that of all shards."""
        del batch_size  # `batches` is told
        share = (index, num_shards)
        return ArrayDataset(self.arrays, self.seed, self.training, share)

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
    x = getattr(x, "stream", x)  # a process's shard of it
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
        x, batch_size = _own_share(x, batch_size)
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
        x, batch_size = _own_share(x, batch_size)
        return itertools.islice(x.batches(batch_size), stop)
    if isinstance(x, keras.utils.PyDataset):
        numbers = itertools.count() if x.num_batches is None else range(x.num_batches)
        return (x[i] for i in numbers)
    return iter(x)


def _own_share(x, batch_size):
    """What this process reads of `x`, and of a batch, where several train together."""
    index, count = backend.process_share()
    if count == 1:
        return x, batch_size
    if batch_size % count or (not _is_endless(x) and len(x) % count):
        raise ValueError(
            f"Batches must have equal shares for {count} processes, the last one too. "
            f"Received: batch_size={batch_size} for {len(x)} examples"
        )
    own = batch_size // count
    return x.shard(count, index, own), own


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
