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
        itertools.islice(shard.batches(own, start=start * own), 3)
        for shard in (whole.shard(num_shards, i, own) for i in range(num_shards))
    ]
    for batch, *parts in zip(batches, *shards, strict=True):
        joined = np.concatenate([part["n"] for part in parts])
        np.testing.assert_array_equal(joined, batch["n"])


@settings(max_examples=30, deadline=None)
@given(
    length=st.integers(1, 30),
    num_shards=st.integers(1, 4),
    own=st.integers(1, 3),
)
def test_a_finite_stream_is_divided_whole(length, num_shards, own):
    """A smaller last batch too, as evenly as it goes."""
    whole = Numbers(length, training=False)
    shards = [whole.shard(num_shards, i, own) for i in range(num_shards)]
    batches = [
        [
            [
                int(shard.example(n)["n"])
                for n in range(first, min(first + own, len(shard)))
            ]
            for first in range(0, len(shard), own)
        ]
        for shard in shards
    ]
    rounds = itertools.zip_longest(*batches, fillvalue=[])
    assert [n for parts in rounds for part in parts for n in part] == list(
        range(length)
    )
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1
    assert all(shard.spec == whole.spec for shard in shards)


@pytest.mark.parametrize("training", [True, False])
def test_arrays_are_divided_as_streams_are(training):
    whole = ArrayDataset({"n": np.arange(10)}, training=training)
    batches = list(itertools.islice(whole.batches(4), 3))
    parts = [list(itertools.islice(whole.shard(2, i).batches(2), 3)) for i in range(2)]
    for batch, *own in zip(batches, *parts, strict=True):
        assert len(own[0]["n"]) == len(own[1]["n"])
        joined = np.concatenate([part["n"] for part in own])
        np.testing.assert_array_equal(joined, batch["n"])


@pytest.mark.parametrize("arguments", [(0, 0), (2, 2), (2, -1), (2, 0, 0)])
def test_a_shard_that_is_not_there(arguments):
    with pytest.raises(ValueError, match="Received: "):
        Numbers(4, True).shard(*arguments)
