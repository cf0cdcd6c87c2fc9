"""Shards of a stream: together they are the stream, batch by batch."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.data.stream import ExampleStream
from keras_magvit.fitting.sources import ArrayDataset


class Numbers(ExampleStream):
    """Example n is n."""

    strict = True
    report = None

    def __init__(self, length, training):
        self.length, self.training = length, training

    def __len__(self):
        return self.length

    def raw_example(self, number):
        return {"n": np.array(number)}

    @property
    def spec(self):
        return {"n": ((), "int64")}


@settings(max_examples=20, deadline=None)
@given(
    num_shards=st.integers(1, 4),
    own=st.integers(1, 3),
    start=st.integers(0, 5),
    arrays=st.booleans(),
)
def test_batches_of_all_shards_are_the_batch(num_shards, own, start, arrays):
    """Also from a later step on, as a resumed training reads them."""
    whole = Numbers(24, training=True)
    if arrays:
        whole = ArrayDataset({"n": np.arange(24)}, seed=3)
    size = own * num_shards
    batches = itertools.islice(whole.batches(size, start=start * size), 3)
    shards = [
        itertools.islice(whole.shard(num_shards, i).batches(own, start=start * own), 3)
        for i in range(num_shards)
    ]
    for batch, *parts in zip(batches, *shards, strict=True):
        joined = np.stack([part["n"] for part in parts], axis=1).ravel()
        np.testing.assert_array_equal(joined, batch["n"])


def test_a_finite_stream_is_divided_whole():
    whole = Numbers(7, training=False)
    shards = [whole.shard(3, i) for i in range(3)]
    assert [len(shard) for shard in shards] == [3, 2, 2]
    seen = [int(shard.example(n)["n"]) for shard in shards for n in range(len(shard))]
    assert sorted(seen) == list(range(7))
    assert shards[1].spec == whole.spec


@pytest.mark.parametrize("arguments", [(0, 0), (2, 2), (2, -1)])
def test_a_shard_that_is_not_there(arguments):
    with pytest.raises(ValueError, match="Received: "):
        Numbers(4, True).shard(*arguments)
