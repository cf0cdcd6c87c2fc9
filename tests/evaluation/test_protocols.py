"""The rows against appendix B.3 of the paper, value by value."""

import pytest

import keras_magvit as km
from keras_magvit.data import ArrayVideos, MovingShapes
from keras_magvit.evaluation import PROTOCOLS, RealClips
from keras_magvit.evaluation.clips import open_clips
from keras_magvit.evaluation.protocols import get
from tests.conftest import once

pytestmark = once
MT8 = ["FP", "FI", "OPH", "OPV", "OPC", "OPD", "IPC", "IPD"]
DEFAULT = ("cosine", 12, 4.5)
# name: (split, windows, crops), samples, repeats, samples a clip, generated at,
# measured at, given frames, (schedule, steps, temperature), tasks
PAPER = {
    "bair": (
        *(("test", "first", 1), 25_600, 4, 100, 64, None, 1),
        *(("exp", 12, 400.0), ["FP"]),
    ),
    "bair_debiased": (
        *(("test", "all", 1), None, 1, 1, 64, None, 1),
        *(DEFAULT, MT8),
    ),
    "ucf101": (
        *(("train", "random", 1), 10_000, 4, 1, 128, None, 1),
        *(DEFAULT, ["CG"]),
    ),
    "ucf101_reconstruction": (
        *(("train", "random", 1), 10_000, 4, 1, 128, None, 1),
        *(None, ["reconstruction"]),
    ),
    "kinetics600": (
        *(("test", 2, 3), 50_000, 4, 1, 128, 64, 5),
        *(("uniform", 12, 7.5), ["FP"]),
    ),
    "ssv2": (
        *(("test", 2, 1), 50_000, 4, 1, 128, None, 1),
        *(DEFAULT, [*MT8, "CG", "CFP"]),
    ),
    "nuscenes": (
        *(("test", 16, 3), 50_000, 4, 1, 128, None, 1),
        *(DEFAULT, ["FP"]),
    ),
    "objectron": (
        *(("test", 5, 1), 50_000, 4, 1, 128, None, 1),
        *(DEFAULT, ["FI"]),
    ),
    "web": (
        *(("test", "random", 1), 50_000, 4, 1, 128, None, 1),
        *(DEFAULT, MT8),
    ),
    "simulated_pushing": (
        *(("test", "first", 1), None, 1, 1, 64, None, 1),
        *(None, [*MT8, "CG", "CFP", "reconstruction"]),
    ),
    "simulated_pushing_debiased": (
        *(("test", "all", 1), None, 1, 1, 64, None, 1),
        *(None, [*MT8, "CG", "CFP", "reconstruction"]),
    ),
}


@pytest.mark.parametrize("name", PAPER)
def test_row(name):
    real, samples, repeats, per_clip, size, measured, given, decoding, tasks = PAPER[
        name
    ]
    row = PROTOCOLS[name]
    assert (row.real.split, row.real.windows, row.real.crops) == real
    assert (row.num_samples, row.repeats, row.samples_per_clip) == (
        *(samples, repeats, per_clip),
    )
    assert (row.size, row.measured_size, row.condition_frames) == (
        *(size, measured, given),
    )
    assert row.num_frames == 16
    found = tuple(
        row.sampling.get(knob)
        for knob in ("schedule", "num_steps", "choice_temperature")
    )
    assert found == (decoding or (None, None, None))
    names = [n if n == "reconstruction" else km.tasks.get(n).name for n in tasks]
    assert list(row.tasks) == names


def test_all_rows_are_here():
    assert list(PROTOCOLS) == list(PAPER)
    ssv2 = PROTOCOLS["ssv2"]
    assert ssv2.real_of(needs_pixels=False) == RealClips("train", "random")
    assert ssv2.real_of(needs_pixels=True) == RealClips("test", 2)
    others = [row for row in PROTOCOLS.values() if row is not ssv2]
    assert all(row.real_of(False) == row.real for row in others)


def test_decoding_is_that_of_the_presets():
    presets = km.presets.PRESETS
    pairs = {"bair": "bair_fp", "kinetics600": "k600_fp", "ucf101": "ucf101_cg"}
    for protocol, preset in pairs.items():
        assert PROTOCOLS[protocol].sampling == presets[preset].config["sampling"]
    assert PROTOCOLS["bair_debiased"].sampling == presets["bair_mt8"].config["sampling"]


@pytest.mark.parametrize(
    ("windows", "crops", "wanted", "count"),
    [
        ("first", 1, None, 256),
        ("all", 1, None, 256 * 15),  # all windows of 16 frames of 30
        (2, 3, None, 256 * 6),
        ("random", 1, 1000, 1000),
        ("first", 1, 32, 32),
    ],
)
def test_counts_of_real_clips(windows, crops, wanted, count):
    source = MovingShapes(256, 30, (16, 16))
    real = RealClips("test", windows, crops)
    clips = open_clips(source, real, 16, (16, 16), wanted, seed=0)
    assert clips.count == count
    videos = {clips.dataset.slot(clips.number(p)).video for p in range(min(count, 32))}
    if wanted == 32:  # spread evenly
        assert videos == set(range(0, 256, 8))


def test_crops_are_spread_and_windows_first():
    import numpy as np

    frames = np.arange(20 * 16 * 32, dtype="uint8").reshape(1, 20, 16, 32, 1)
    source = ArrayVideos(frames)
    clips = open_clips(source, RealClips("test", "first", 3), 16, (16, 16), None, 0)
    video = clips.read([0, 1, 2]).video
    for crop, left in enumerate((0, 8, 16)):
        expected = frames[0, :16, :, left : left + 16, 0]
        np.testing.assert_array_equal(np.rint(video[crop, ..., 0] * 255), expected)


def test_unknown_name_lists_them():
    with pytest.raises(ValueError, match=r"'bair_debiased'.*Received: protocol='x'"):
        get("x")
    assert get(PROTOCOLS["web"]) is PROTOCOLS["web"]
