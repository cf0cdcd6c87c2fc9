"""Miniature archives through the builders, and back as clips."""

import shutil

import numpy as np
import pytest

from keras_magvit.data import ClipDataset
from keras_magvit.data.builders import preparing
from keras_magvit.data.layouts import ListedVideo, Listing, kinetics
from keras_magvit.io import VideoFileError
from tests.data.builders.archives import MAKERS, make_kinetics, make_nuscenes

EXPECTED = {
    "kinetics600": {
        "train": {"train/a_0123456-x": "dunking", "train/b-123456789": "air drumming"},
        "validation": {"validation/c0123456789": "dunking"},
    },
    "ssv2": {
        "train": {
            "74225": "Approaching something with your camera",
            "9": "Dropping something",
        },
        "validation": {"78687": "Approaching something with your camera"},
    },
    "objectron": {
        "train": {"bike/batch-10/2": "bike", "bike/batch-4/38": "bike"},
        "validation": {"shoe/batch-0/7": "shoe"},
    },
    "nuscenes": {
        "train": {
            f"scene-{s:04d}/{f:04d}": None for s in range(1, 10) for f in (0, 32)
        },
        "validation": {"scene-0010/0000": None, "scene-0010/0032": None},
    },
}


@pytest.mark.parametrize("name", list(MAKERS))
def test_frames_labels_and_splits_are_those_of_the_archive(name, tmp_path):
    made = MAKERS[name](tmp_path / "videos")
    preparing.prepare_files(name, tmp_path / "data", videos=tmp_path / "videos")
    seen = {}
    for split, expected in EXPECTED[name].items():
        source = preparing.open_files(name, split, tmp_path / "data")
        assert [source.key(i) for i in range(len(source))] == sorted(expected)
        for i in range(len(source)):
            key, label = source.key(i), source.label(i)
            found = source.class_names[label] if label >= 0 else None
            assert found == expected[key]
            video = seen[key] = made[key]
            info = source.info(i)
            assert (info.num_frames, info.height, info.width) == video.shape[:3]
            np.testing.assert_array_equal(
                source.frames(i, range(len(video))), video, strict=True
            )
            picked = [1, 3, len(video) - 1]
            np.testing.assert_array_equal(source.frames(i, picked), video[picked])
    assert set(seen) == set(made)


def test_clips_of_a_prepared_dataset(tmp_path):
    made = make_kinetics(
        tmp_path / "downloads" / "manual" / "kinetics600", folders=True
    )
    told = []
    preparing.prepare_kinetics600(
        data_dir=tmp_path, progress=lambda *at: told.append(at)
    )
    assert told[-1][1:] == (1, 1) and (2, 2) in [at[1:] for at in told]
    source = preparing.open_kinetics600(split="train", data_dir=tmp_path)
    dataset = ClipDataset(source, 4, size=(48, 64), training=False)
    for number, key in enumerate(sorted(k for k in made if k.startswith("train"))):
        clip = dataset.example(number)["video"]
        np.testing.assert_array_equal(
            clip, np.float32(made[key][1:5] / np.float32(255))
        )
    assert source.class_names == ("air drumming", "dunking", "yoga")
    assert set(source.problems) == {"validation/gone1234567"}


def test_unreadable_videos_are_problems_and_no_clips(tmp_path):
    make_kinetics(tmp_path / "videos")
    path = tmp_path / "videos" / "train" / "a_0123456-x_000012_000022.mp4"
    path.write_bytes(path.read_bytes()[:300])
    preparing.prepare_files("kinetics600", tmp_path, videos=tmp_path / "videos")
    source = preparing.open_files("kinetics600", "train", tmp_path)
    assert [source.key(0)] == ["train/b-123456789"] and len(source) == 1
    assert "train/a_0123456-x" in source.problems


def test_a_process_finds_the_same(tmp_path):
    make_nuscenes(tmp_path / "videos")
    tables = []
    for workers in (0, 1):
        folder = tmp_path / f"data{workers}"
        preparing.prepare_files(
            "nuscenes", folder, videos=tmp_path / "videos", num_workers=workers
        )
        source = preparing.open_files("nuscenes", "train", folder)
        tables.append([(source.key(i), source.info(i)) for i in range(len(source))])
    assert tables[0] == tables[1] and len(tables[0]) == 18


def test_prepared_again_only_when_asked(tmp_path):
    make_kinetics(tmp_path / "videos")
    videos = tmp_path / "videos"
    preparing.prepare_files("kinetics600", tmp_path, videos=videos)
    next(videos.glob("train/a_*")).unlink()
    preparing.prepare_files("kinetics600", tmp_path, videos=videos)
    assert len(preparing.open_files("kinetics600", "train", tmp_path)) == 2
    preparing.prepare_files("kinetics600", tmp_path, videos=videos, overwrite=True)
    assert len(preparing.open_files("kinetics600", "train", tmp_path)) == 1


def test_videos_that_have_moved(tmp_path):
    made = make_kinetics(tmp_path / "videos")
    preparing.prepare_files("kinetics600", tmp_path, videos=tmp_path / "videos")
    shutil.move(tmp_path / "videos", tmp_path / "elsewhere")
    with pytest.raises(VideoFileError, match="pass `root`"):
        preparing.open_files("kinetics600", "train", tmp_path)
    source = preparing.open_files(
        "kinetics600", "train", tmp_path, root=tmp_path / "elsewhere"
    )
    np.testing.assert_array_equal(source.frames(0, [2])[0], made[source.key(0)][2])


@pytest.mark.parametrize("name", list(MAKERS))
def test_an_empty_folder_says_what_to_put_where(name, tmp_path):
    with pytest.raises(VideoFileError, match="https://") as caught:
        preparing.prepare_files(name, tmp_path)
    assert caught.value.path == str(tmp_path / "downloads" / "manual" / name)


def test_a_dataset_that_is_not_prepared(tmp_path):
    with pytest.raises(VideoFileError, match="data prepare ssv2`"):
        preparing.open_files("ssv2", "train", tmp_path)
    make_kinetics(tmp_path / "videos")
    preparing.prepare_files("kinetics600", tmp_path, videos=tmp_path / "videos")
    with pytest.raises(ValueError, match="split='test'"):
        preparing.open_files("kinetics600", "test", tmp_path)


def test_a_table_stays_below_its_root(tmp_path, monkeypatch):
    make_kinetics(tmp_path / "videos")
    stray = ListedVideo("x", ("train/../../secret.mp4",), "yoga")
    listing = Listing({"train": (stray,)}, ("yoga",))
    monkeypatch.setattr(kinetics, "list_videos", lambda root: listing)
    preparing.prepare_files("kinetics600", tmp_path, videos=tmp_path / "videos")
    with pytest.raises(VideoFileError, match="outside the root"):
        preparing.open_files("kinetics600", "train", tmp_path)
