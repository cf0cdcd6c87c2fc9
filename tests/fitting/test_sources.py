"""Where batches come from, without a model."""

import itertools

import keras
import numpy as np
import pytest

from keras_magvit.fitting.sources import (
    ArrayDataset,
    as_dataset,
    one_pass,
    steps_of,
    training_batches,
)


def _first(batches, count):
    return list(itertools.islice(batches, count))


def test_arrays_are_shuffled_anew_each_epoch_and_started_anywhere():
    arrays = {"ids": np.arange(10), "cond_ids": {"frame_prediction": np.arange(10) * 2}}
    dataset = as_dataset(arrays, seed=1)
    assert steps_of(dataset, 4) == 3
    batches = _first(training_batches(dataset, 4), 10)
    ids = np.concatenate([b["ids"] for b in batches])
    for epoch in range(4):
        assert sorted(ids[10 * epoch : 10 * epoch + 10]) == list(range(10))
    assert (ids[:10] != ids[10:20]).any()
    for batch in batches:
        conditions = batch["cond_ids"]["frame_prediction"]
        np.testing.assert_array_equal(conditions, batch["ids"] * 2)
    later = _first(training_batches(dataset, 4, start=3), 7)
    for a, b in zip(batches[3:], later, strict=True):
        np.testing.assert_array_equal(a["ids"], b["ids"])


def test_an_evaluation_reads_arrays_once_in_order():
    dataset = ArrayDataset({"ids": np.arange(10)}, training=False)
    passes = [b["ids"].tolist() for b in one_pass(dataset, 4)]
    assert passes == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


class _Clips:
    """Stands for a `data.ClipDataset`: numbered examples."""

    def __init__(self, training):
        self.training = training

    def __len__(self):
        return 5

    def batches(self, batch_size, start=0):
        stop = None if self.training else 7  # more clips than videos
        for first in itertools.count(start, batch_size):
            if stop is not None and first >= stop:
                return
            yield list(range(first, first + batch_size))


def test_clip_datasets():
    training = _Clips(training=True)
    assert steps_of(training, 2) == 3
    assert _first(training_batches(training, 2, start=4), 2) == [[8, 9], [10, 11]]
    assert list(one_pass(training, 2)) == [[0, 1], [2, 3], [4, 5]]
    finite = _Clips(training=False)
    assert len(list(one_pass(finite, 2))) == 4
    repeated = _first(training_batches(finite, 2, start=4), 5)
    assert repeated[0] == repeated[4] == [0, 1]


class _Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return index


def test_py_datasets_lists_and_iterators():
    dataset = _Batches()
    assert steps_of(dataset, None) == 2
    assert _first(training_batches(dataset, None), 5) == [0, 1, 0, 1, 0]
    assert _first(training_batches(["a", "b"], None), 3) == ["a", "b", "a"]
    assert steps_of(["a", "b"], None) == 2
    assert steps_of(iter("ab"), None) is None
    assert _first(training_batches(iter("ab"), None), 5) == ["a", "b"]
    assert list(training_batches([], None)) == []


@pytest.mark.parametrize("arrays", [{}, {"ids": np.zeros(0)}, {"ids": np.zeros(())}])
def test_empty_arrays(arrays):
    with pytest.raises(ValueError, match="Received: arrays of lengths"):
        ArrayDataset(arrays)
