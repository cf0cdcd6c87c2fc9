"""Simulated pushing through its TFDS builder: the simulator's bytes, in order."""

from functools import partial

import numpy as np
import pytest

from keras_magvit.data import registry
from keras_magvit.data.builders import simulated_pushing
from keras_magvit.data.builders.simulated_pushing import (
    open_simulated_pushing,
    prepare_simulated_pushing,
)
from keras_magvit.data.simulation import MOTIONS, Chunks, simulate
from keras_magvit.data.tfds import open_builder
from keras_magvit.io import VideoFileError

pytest.importorskip("pybullet", reason="the simulator is the extra `sim`")
pytest.importorskip("tensorflow_datasets", reason="the builders are the extra `data`")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A data folder of 3 + 2 videos, and what was told meanwhile."""
    folder, told = tmp_path_factory.mktemp("data"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated_pushing, "Chunks", partial(Chunks, size=2))
        registry.prepare(
            "simulated_pushing",
            folder,
            progress=lambda *step: told.append(step),
            num_train=3,
            num_validation=2,
            num_workers=1,
        )
        yield folder, told


def test_pixels_and_labels_come_back_in_order(prepared):
    folder, _ = prepared
    for split, count in [("train", 3), ("validation", 2)]:
        source = registry.open_source("simulated_pushing", split, folder)
        assert len(source) == count and source.class_names == MOTIONS
        for index in range(count):
            fresh = simulate(0, split, "fixed", index)
            np.testing.assert_array_equal(source.frames(index, range(30)), fresh.video)
            assert source.label(index) == fresh.label == index % 8
    info = source.info(0)
    assert (info.num_frames, info.height, info.width, info.frame_rate) == (
        *(30, 64, 64),
        10.0,
    )


def test_tfds_reads_every_feature(prepared):
    folder, _ = prepared
    builder = open_builder(folder / "simulated_pushing" / "fixed" / "1.0.0")
    examples = builder.as_data_source("train")
    assert len(examples) == 3
    fresh = simulate(0, "train", "fixed", 2)
    example = examples[2]
    np.testing.assert_array_equal(np.stack(example["video"]), fresh.video)
    np.testing.assert_array_equal(example["action"], fresh.action)
    np.testing.assert_array_equal(example["hand"], fresh.hand)
    assert example["displacement"] == np.float32(fresh.displacement)
    assert example["moved"] == (fresh.displacement > 0.02)


def test_progress_is_told(prepared):
    _, told = prepared
    for step in [("render train", 0, 3), ("render train", 3, 3), ("write train", 3, 3)]:
        assert step in told


def test_clips_of_it_train(prepared):
    folder, _ = prepared
    clips = registry.clips("simulated_pushing", "validation", data_dir=folder)
    example = clips.example(1)
    fresh = simulate(0, "validation", "fixed", 1).video[:16]
    np.testing.assert_allclose(example["video"], fresh / np.float32(255), atol=1e-7)
    assert example["label"] == 1


def test_asking_for_more_extends_and_for_fewer_changes_nothing(prepared):
    folder, _ = prepared
    prepare = partial(prepare_simulated_pushing, folder, num_workers=1)
    place = folder / "simulated_pushing" / "fixed" / "1.0.0"
    chunks = sorted((folder / "chunks").rglob("*.npz"))
    before = [path.stat().st_mtime_ns for path in (*chunks, place)]
    assert prepare(num_train=2, num_validation=2) == str(place)
    assert [path.stat().st_mtime_ns for path in (*chunks, place)] == before
    prepare(num_train=5, num_validation=1)
    assert [path.stat().st_mtime_ns for path in chunks] == before[:-1]
    source = open_simulated_pushing("train", folder)
    assert len(source) == 5
    assert len(open_simulated_pushing("validation", folder)) == 2
    assert len(open_simulated_pushing("train", folder, num_videos=4)) == 4
    everything = len(open_simulated_pushing("train", folder))
    assert len(open_simulated_pushing("train", folder, num_videos=999)) == everything
    fresh = simulate(0, "train", "fixed", 4).video
    np.testing.assert_array_equal(source.frames(4, [0, 29]), fresh[[0, 29]])
    assert not list(folder.glob(".*"))  # nothing is left beside it


def test_what_is_not_prepared_says_how(tmp_path):
    with pytest.raises(
        VideoFileError, match="data prepare simulated_pushing_varied` does it. Received"
    ):
        registry.open_source("simulated_pushing_varied", "train", tmp_path)


@pytest.mark.parametrize(
    "options",
    [{"num_train": 0}, {"num_validation": 0}, {"seed": -1}, {"config": "wild"}],
)
def test_arguments_out_of_range_are_refused(tmp_path, options):
    with pytest.raises(ValueError, match=f"Received: {next(iter(options))}="):
        prepare_simulated_pushing(tmp_path, **options)
    assert not list(tmp_path.iterdir())
