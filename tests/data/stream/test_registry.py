"""Datasets by name and by path; and a survey of any of them."""

import json

import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.data import ArrayVideos, MovingDigits, MovingShapes, registry
from tests.data.videos import CountedVideos, write_numbered


def test_names_open():
    assert isinstance(registry.open_source("moving_digits", "test"), MovingDigits)
    shapes = registry.open_source("moving_shapes", num_videos=5, labels="shape")
    assert isinstance(shapes, MovingShapes) and len(shapes) == 5


def test_rows_of_the_table():
    names = registry.names()
    assert len(set(names)) == len(names)
    for entry in registry.TABLE:
        for place in filter(None, (entry.open, entry.prepare)):
            assert callable(registry._load(place)), place
        assert entry.description and entry.splits[0] == "train"
        km.data.ClipDataset(CountedVideos([40]), training=False, **entry.evaluation)


def test_unknown_names_list_the_names():
    with pytest.raises(ValueError, match="moving_digits.*Received: name_or_path='no'"):
        km.data.clips("no")
    with pytest.raises(ValueError, match="moving_digits.*Received: name='no'"):
        km.data.prepare("no")
    with pytest.raises(ValueError, match="has the splits.*split='dev'"):
        km.data.clips("moving_digits", "dev")


def test_paths_open(tmp_path, monkeypatch):
    videos = np.zeros((3, 17, 8, 8, 3), np.uint8)
    np.save(tmp_path / "moving_digits.npy", videos)
    source = km.data.open_source(tmp_path / "moving_digits.npy")
    assert isinstance(source, ArrayVideos) and len(source) == 3
    write_numbered(tmp_path / "a.mp4", 17)
    assert km.data.open_source(tmp_path).key(0) == "a.mp4"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moving_digits").mkdir()
    assert isinstance(km.data.open_source("moving_digits"), MovingDigits)
    for path in ("a.mp4", "none.csv", "none-*.tar"):
        with pytest.raises(ValueError, match="must be one of"):
            km.data.open_source(path)


def test_clips_train_on_the_training_split_alone():
    train, test = (km.data.clips("moving_digits", s, 4) for s in ("train", "test"))
    assert train.training and not test.training
    assert (train.name, test.name) == ("moving_digits/train", "moving_digits/test")
    assert not km.data.clips("moving_digits", training=False).training
    options = {"source_options": {"num_videos": 7}, "flip": True}
    assert len(km.data.clips("moving_digits", size=(32, 32), **options)) == 7


def test_evaluation_counts_come_from_the_table(monkeypatch):
    entry = registry.DatasetEntry(
        "known", "...", f"{__name__}:open_known", None, {"crops_per_video": 3}
    )
    monkeypatch.setattr(registry, "TABLE", (entry,))
    assert len(km.data.clips("known", "validation")) == 6
    assert len(km.data.clips("known", "validation", crops_per_video=1)) == 2
    assert len(km.data.clips("known", "train")) == 2


def open_known(split, data_dir, **options):
    return CountedVideos([20, 20], (64, 90))


def test_a_survey_counts_the_clips_of_a_setting():
    survey = km.data.check(CountedVideos([3, 10, 25]), num_frames=4, stride=3)
    assert [video.info.num_frames for video in survey.videos] == [3, 10, 25]
    assert survey.short == ["video 0"]
    assert survey.num_windows == (10 - 9) + (25 - 9)
    assert survey.num_disjoint == 1 + 2
    text = str(survey)
    assert "2 videos long enough, 17 windows, 3 that share no frame" in text
    assert "8x8 (3)" in text and "8/s (3)" in text and "video 0: shorter" in text
    plain = json.loads(json.dumps(survey.to_dict()))
    assert plain["clips"]["windows"] == 17 and len(plain["videos"]) == 3


def test_a_survey_tells_of_classes_and_progress():
    seen = []
    survey = km.data.check(
        MovingDigits(12, num_frames=2, size=(16, 16)),
        progress=lambda *step: seen.append(step),
    )
    assert seen == [("check", n, 12) for n in range(1, 13)]
    assert "10: 0 (2), 1 (2), 2 (1)" in str(survey)
    with pytest.raises(ValueError, match="stride must be at least 1"):
        km.data.check(MovingDigits(1), stride=0)
