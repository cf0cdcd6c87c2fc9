"""The same stream for any number of workers, and from anywhere in it."""

import itertools
import os
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.data import ClipDataset, ColourJitter, MovingDigits
from keras_magvit.data.slots import Slot, SlotIndex
from keras_magvit.data.workers import _of_size
from keras_magvit.io import VideoFileError
from tests.data.videos import CountedVideos


def dataset(training=True, **kwargs):
    options = {"flip": True, "colour": ColourJitter(), "zoom": 1.2} if training else {}
    return ClipDataset(
        MovingDigits(7, num_frames=9, size=(20, 20)),
        *(4, 2, (16, 16), training),
        **options,
        **kwargs,
    )


def take(stream, count, size=3, **kwargs):
    batches = stream.batches(size, **kwargs)
    found = list(itertools.islice(batches, count))
    batches.close()
    return {k: np.concatenate([b[k] for b in found]) for k in ("video", "label")}


@pytest.mark.parametrize("training", [True, False])
def test_any_number_of_threads_gives_the_same_stream(training):
    kwargs = {} if training else {"windows_per_video": 3}
    streams = [
        take(dataset(training, **kwargs), 6, num_workers=n, prefetch=p)
        for n, p in ((0, 2), (1, 1), (3, 2))
    ]
    assert (
        streams[0]["video"].dtype == np.float32
        and streams[0]["label"].dtype == np.int32
    )
    assert streams[0]["video"].min() >= 0 and streams[0]["video"].max() <= 1
    for stream in streams[1:]:
        for name in stream:
            assert np.array_equal(stream[name], streams[0][name])


def test_processes_give_the_same_stream():
    alone = take(dataset(), 3)
    spread = take(dataset(), 3, num_workers=2, processes=True)
    assert all(np.array_equal(alone[k], spread[k]) for k in alone)


class Modules(CountedVideos):
    """Frames that say whether the process that made them has Keras."""

    def frames(self, index, indices):
        return super().frames(index, indices) * 0 + ("keras" in sys.modules)


def test_processes_that_read_start_without_keras():
    stream = ClipDataset(Modules([9]), 4, size=(8, 8))
    assert take(stream, 1, 1)["video"].max() == np.float32(1 / 255)
    assert take(stream, 1, 1, num_workers=1, processes=True)["video"].max() == 0
    assert "KERAS_MAGVIT_READER" not in os.environ


@given(st.integers(0, 40), st.integers(1, 4), st.sampled_from([0, 2]))
@settings(max_examples=10, deadline=None)
def test_a_resumed_stream_is_the_rest_of_an_uninterrupted_one(start, size, workers):
    stream = dataset()
    whole = np.stack(
        [stream.example(n)["video"] for n in range(start, start + 2 * size)]
    )
    rest = take(dataset(), 2, size, start=start, num_workers=workers)["video"]
    assert np.array_equal(rest, whole)


def test_another_seed_is_another_stream():
    assert not np.array_equal(
        take(dataset(seed=1), 1)["video"], take(dataset(seed=2), 1)["video"]
    )


class Unreadable(CountedVideos):
    """Some of its videos cannot be read."""

    def __init__(self, lengths, broken):
        super().__init__(lengths)
        self.broken = broken

    def info(self, index):
        if index in self.broken:
            raise VideoFileError("Broken.", self.key(index))
        return super().info(index)


@given(st.sets(st.integers(0, 11), max_size=11), st.integers(0, 3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_unreadable_videos_are_replaced_or_left_out(broken, workers, drop):
    source = Unreadable([9] * 12, broken)
    sound = sorted(set(range(12)) - broken)
    training = ClipDataset(source, 4, size=(8, 8), seed=3)
    clips = take(training, 8, num_workers=workers)["video"]
    indices = np.rint(clips[:, 0, 0, 0, 0] * 255).astype(int)
    assert len(clips) == 24 and set(indices.tolist()) <= set(sound)
    again = ClipDataset(source, 4, size=(8, 8), seed=3)
    assert np.array_equal(again.example(7)["video"], clips[7])  # a function of n alone
    assert set(training.report.unreadable) <= {f"video {i}" for i in broken}
    fixed = ClipDataset(source, 4, size=(8, 8), training=False)
    batches = list(fixed.batches(4, num_workers=workers, drop_remainder=drop))
    sizes = [len(b["label"]) for b in batches]
    whole, rest = divmod(len(sound), 4)
    assert sizes == [4] * whole + ([rest] if rest and not drop else [])
    read = [round(float(v[0, 0, 0, 0]) * 255) for b in batches for v in b["video"]]
    assert read == sound[: len(read)]
    assert set(fixed.report.unreadable) == {f"video {i}" for i in broken}


def test_strict_raises_from_a_worker():
    strict = ClipDataset(Unreadable([9] * 4, {2}), 4, size=(8, 8), strict=True)
    for workers in (0, 2):
        with pytest.raises(VideoFileError, match="Broken.*video 2"):
            take(strict, 4, num_workers=workers)


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(1, 5), st.booleans())
def test_batches_are_filled_up_in_order(sizes, size, drop):
    numbers = itertools.count()
    made = [
        {"x": np.array([next(numbers) for _ in range(min(n, size))], int)}
        for n in sizes
    ]
    made = [batch for batch in made if len(batch["x"])]
    total = sum(len(batch["x"]) for batch in made)
    got = [batch["x"].tolist() for batch in _of_size(iter(made), size, drop)]
    expected = [list(range(i, min(i + size, total))) for i in range(0, total, size)]
    if drop and expected and len(expected[-1]) < size:
        expected.pop()
    assert got == expected


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=9).filter(any), st.integers(1, 3)
)
def test_slots_count_video_by_video(windows, crops):
    index = SlotIndex(len(windows), windows, crops)
    expected = [
        Slot(video, window, crop)
        for video, count in enumerate(windows)
        for window in range(count)
        for crop in range(crops)
    ]
    assert [index[n] for n in range(len(index))] == expected


@pytest.mark.parametrize(
    "arguments",
    [{"batch_size": 0}, {"start": -1}, {"num_workers": -1}, {"prefetch": 0}],
    ids=str,
)
def test_bad_requests(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"{name} must be"):
        next(dataset().batches(**{"batch_size": 2, **arguments}))
    with pytest.raises(ValueError, match="at most the number of examples, 7"):
        dataset(training=False).batches(8)


def test_closing_stops_the_workers():
    # Streams of other tests may still wait for the garbage collector.
    before = set(threading.enumerate())
    batches = dataset().batches(2, num_workers=3)
    next(batches)
    workers = set(threading.enumerate()) - before
    assert workers
    batches.close()
    assert not any(worker.is_alive() for worker in workers)
