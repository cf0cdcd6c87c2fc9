"""Which clip example n is: draws, windows, crops, order, and what replaces what."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.data import ArrayVideos, ClipDataset, MovingDigits
from keras_magvit.data.framing import covering_size, spread_crop
from keras_magvit.data.randomness import draw_clip, video_order
from keras_magvit.data.windows import evaluation_start, num_starts, spread
from keras_magvit.io import VideoFileError
from tests.data.videos import CountedVideos


def pixels(example):
    return np.rint(example["video"] * 255).astype(int)


@given(st.integers(0, 2**40), st.integers(0, 10**9))
@settings(max_examples=30, deadline=None)
def test_the_draws_of_a_clip_in_closed_form(seed, number):
    """Window, crop and flip follow from eight uniform numbers, as documented."""
    values = np.random.default_rng((seed, 2, number)).random(8)
    draw = draw_clip(seed, number)
    assert [*vars(draw).values()] == values.tolist()
    lengths, size, stride, frames = (9, 30, 17), (6, 5), 2, 4
    source = CountedVideos(lengths, (8, 11))
    dataset = ClipDataset(
        source, frames, stride, (6, 5), seed=seed, flip=True, crop="random", zoom=1
    )
    video = pixels(dataset.example(number))
    epoch, place = divmod(number, 3)
    order = np.random.default_rng((seed, 0, epoch)).permutation(3)
    index = order[place]
    starts = lengths[index] - (frames - 1) * stride
    start = int(values[0] * starts)
    assert video.shape == (frames, *size, 3)
    assert (video[..., 0] == index).all()
    expected = start + stride * np.arange(frames)
    assert np.array_equal(video[:, 0, 0, 1], expected)


def test_crop_and_flip_in_closed_form():
    pattern = np.arange(7 * 9 * 3, dtype=np.uint8).reshape(1, 1, 7, 9, 3)
    dataset = ClipDataset(ArrayVideos(pattern), 1, size=(7, 7), flip=True)
    lefts, flips = set(), set()
    for number in range(40):
        draw = draw_clip(0, number)
        left, flip = int(draw.left * 3), draw.flip < 0.5
        expected = pattern[0, 0, :, left : left + 7]
        expected = expected[:, ::-1] if flip else expected
        assert np.array_equal(pixels(dataset.example(number))[0], expected)
        lefts.add(left)
        flips.add(flip)
    assert lefts == {0, 1, 2} and flips == {True, False}


def test_draws_are_uniform_and_epochs_are_permutations():
    source = CountedVideos([20] * 50)
    dataset = ClipDataset(source, 5, size=(8, 8))
    clips = np.array([pixels(dataset.example(n))[0, 0, 0] for n in range(4 * 50)])
    for epoch in clips[:, 0].reshape(4, 50):
        assert sorted(epoch) == list(range(50))
    assert len({tuple(epoch) for epoch in clips[:, 0].reshape(4, 50)}) == 4
    counts = np.bincount(clips[:, 1], minlength=16)
    assert len(counts) == 16  # starts 0..15
    expected = len(clips) / 16
    assert ((counts - expected) ** 2 / expected).sum() < 40  # chi2, 15 dof, p ~ 5e-4


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 5), st.integers(1, 16))
def test_evaluation_windows_are_spread_evenly(length, frames, stride, count):
    starts = num_starts(length, frames, stride)
    assert starts == len(range(0, length - (frames - 1) * stride))
    chosen = [evaluation_start(i, starts, count) for i in range(count)]
    last = max(0, starts - 1)
    assert chosen == sorted(chosen) and 0 <= chosen[0] and chosen[-1] <= last
    if count == 1:
        assert chosen == [last // 2]
    else:
        assert (chosen[0], chosen[-1]) == (0, last)
        assert max(np.diff(chosen)) - min(np.diff(chosen)) <= 1
    everything = [evaluation_start(i, starts, "all") for i in range(starts)]
    assert everything == list(range(starts))


# Windows and crops a video of the paper's evaluations (appendix B.3).
PROTOCOLS = {
    "BAIR": (30, 1, "first", 1, 1),
    "BAIR debiased": (30, 1, "all", 1, 15),
    "K600": (250, 1, 2, 3, 6),
    "SSv2": (48, 1, 2, 1, 2),
    "nuScenes": (32, 1, 16, 3, 48),
    "Objectron": (96, 1, 5, 1, 5),
}


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_evaluation_clips_are_counted_as_in_the_paper(name):
    length, stride, windows, crops, expected = PROTOCOLS[name]
    dataset = ClipDataset(
        CountedVideos([length] * 3, (8, 14)),
        *(16, stride, (8, 8)),
        training=False,
        windows_per_video=windows,
        crops_per_video=crops,
    )
    assert len(dataset) == 3 * expected
    clips = [pixels(dataset.example(n)) for n in range(expected)]
    assert {int(clip[0, 0, 0, 0]) for clip in clips} == {0}
    starts = [int(clip[0, 0, 0, 1]) for clip in clips]
    number = length - 15 if windows == "all" else 1 if windows == "first" else windows
    last = length - 16
    even = [i * last // max(1, number - 1) for i in range(number)]
    assert starts == np.repeat(even, crops).tolist()


def test_evaluation_crops_run_along_the_longer_side():
    frames = np.arange(10)[None, None, :, None] * np.ones((1, 6, 1, 3), int)
    lefts = [spread_crop(frames, (6, 6), i, 3)[0, 0, 0, 0] for i in range(3)]
    assert lefts == [0, 2, 4]
    tall = frames.transpose(0, 2, 1, 3)
    assert [spread_crop(tall, (6, 6), i, 3)[0, 0, 0, 0] for i in range(3)] == [0, 2, 4]
    assert spread_crop(frames, (6, 6))[0, 0, 0, 0] == 2


@given(
    st.integers(1, 500),
    st.integers(1, 500),
    st.tuples(st.integers(1, 200), st.integers(1, 200)),
    st.floats(1, 2),
)
def test_a_covering_size_covers_and_is_covered_again_by_itself(
    height, width, size, zoom
):
    covered = covering_size(height, width, size, zoom)
    target = (round(size[0] * zoom), round(size[1] * zoom))
    assert covered[0] >= target[0] and covered[1] >= target[1]
    assert covered[0] == target[0] or covered[1] == target[1]
    assert covering_size(*covered, size, zoom) == covered


@given(st.integers(1, 9), st.integers(0, 40))
def test_spread(count, last):
    points = [spread(i, count, last) for i in range(count)]
    exact = np.linspace(0, last, count) if count > 1 else [last / 2]
    assert points == np.floor(np.array(exact) + 1e-9).astype(int).tolist()


@pytest.mark.parametrize("rule", ["hold", "loop", "skip"])
def test_short_videos(rule):
    dataset = ClipDataset(CountedVideos([3, 9]), 5, size=(8, 8), short=rule)
    times = {}
    for number in range(8):
        clip = pixels(dataset.example(number))[:, 0, 0]
        times.setdefault(int(clip[0, 0]), set()).add(tuple(clip[:, 1].tolist()))
    if rule == "skip":
        assert set(times) == {1} and "has 3 frame(s)" in dataset.report["video 0"]
        assert dataset.report.short and not dataset.report.unreadable
    else:
        wanted = (0, 1, 2, 2, 2) if rule == "hold" else (0, 1, 2, 0, 1)
        assert times[0] == {wanted} and len(dataset.report) == 0


def test_an_augmentation_leaves_the_other_draws_alone():
    source = CountedVideos([40] * 5, (12, 12))
    plain = ClipDataset(source, 4, size=(8, 8))
    changed = ClipDataset(source, 4, size=(8, 8), augment=lambda v, g: v * 0.5)
    for number in range(5):
        half = changed.example(number)["video"]
        assert np.allclose(half * 2, plain.example(number)["video"])


def test_classes_are_renamed_merged_and_left_out():
    source = MovingDigits(20)
    merged = ClipDataset(source, classes={"3": "odd", "0": "even", "1": "odd"})
    assert merged.class_names == ("odd", "even")
    labels = {}
    for number in range(20):
        original = source.label(int(video_order(0, 0, 20)[number]))
        labels[original] = int(merged.example(number)["label"])
    assert labels == {i: {3: 0, 1: 0, 0: 1}.get(i, -1) for i in range(10)}
    with pytest.raises(ValueError, match="must be different"):
        ClipDataset(source, classes=["1", "1"])


def test_strict_and_nothing_left():
    dataset = ClipDataset(CountedVideos([3, 3]), 5, size=(8, 8))
    with pytest.raises(VideoFileError, match="None of the 2 videos"):
        dataset.example(0)
    with pytest.raises(VideoFileError, match="the window needs 5"):
        ClipDataset(CountedVideos([3]), 5, size=(8, 8), strict=True).example(0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_frames": 0},
        {"stride": 0},
        {"size": (0, 8)},
        {"size": 8},
        {"zoom": 0.5},
        {"seed": -1},
        {"short": "pad"},
        {"crop": "left"},
        {"windows_per_video": "some"},
        {"windows_per_video": 0},
        {"crops_per_video": 0},
    ],
    ids=str,
)
def test_bad_arguments(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"{name}.*Received: {name}="):
        ClipDataset(CountedVideos([9]), **arguments)


def test_bad_augmentations():
    for result in (np.ones((2, 8, 8, 3)), np.ones((4, 8, 8, 3), int)):
        dataset = ClipDataset(
            CountedVideos([9]), 4, size=(8, 8), augment=lambda v, g, r=result: r
        )
        with pytest.raises(ValueError, match="augment must return a float array"):
            dataset.example(0)


def test_a_dataset_can_be_pickled():
    dataset = ClipDataset(MovingDigits(9), 4, size=(16, 16), flip=True)
    copy = pickle.loads(pickle.dumps(dataset))
    assert np.array_equal(copy.example(5)["video"], dataset.example(5)["video"])
