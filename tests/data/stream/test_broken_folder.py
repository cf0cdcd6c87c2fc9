"""A folder with broken files trains to the end, and the report names every one."""

import itertools
import json

import numpy as np
import pytest

from keras_magvit.data import ClipDataset, VideoFolder, check
from keras_magvit.io import VideoFileError
from tests.data.videos import broken_folder


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    root = tmp_path_factory.mktemp("broken")
    return root, broken_folder(root, 120)


def test_training_goes_through_and_names_every_one(broken):
    root, expected = broken
    dataset = ClipDataset(VideoFolder(root), 8, 2, (16, 16))
    steps = -(-len(dataset) // 8)
    batches = dataset.batches(8, num_workers=3)
    sizes = [len(batch["label"]) for batch in itertools.islice(batches, steps)]
    batches.close()
    assert sizes == [8] * steps
    assert set(dataset.report.unreadable) == set(expected)
    for key, reason in expected.items():
        assert reason in dataset.report[key]
    text = str(dataset.report)
    assert text.startswith(f"{len(expected)} unreadable and 0 short video(s) skipped:")
    assert all(key in text for key in expected)
    assert json.loads(json.dumps(dataset.report.to_dict()))["unreadable"].keys() == (
        expected.keys()
    )


def test_evaluation_leaves_them_out(broken):
    root, expected = broken
    dataset = ClipDataset(VideoFolder(root), 8, 2, (16, 16), training=False)
    count = sum(len(batch["label"]) for batch in dataset.batches(16, num_workers=2))
    listed = set(expected) - set(VideoFolder(root).problems)
    assert count == len(dataset) - len(listed)
    assert set(dataset.report.unreadable) == set(expected)


def test_the_cache_changes_none_of_it(broken, tmp_path):
    root, _ = broken
    plain = ClipDataset(VideoFolder(root), 8, 2, (16, 16))
    cached = ClipDataset(VideoFolder(root), 8, 2, (16, 16), cache=tmp_path)
    for number in range(0, 120, 7):
        first, second = plain.example(number), cached.example(number)
        assert np.array_equal(first["video"], second["video"])
        assert first["label"] == second["label"]


def test_strict_raises(broken, tmp_path):
    root, _ = broken
    with pytest.raises(VideoFileError, match=r"film\.dat|circle"):
        ClipDataset(VideoFolder(root), 8, 2, (16, 16), strict=True)
    broken_folder(tmp_path, 20)
    for key in ("a/film.dat", "b/circle"):
        (tmp_path / key).unlink()
    for training in (True, False):
        kept = [p for p in VideoFolder(tmp_path).problems]
        assert all((tmp_path / key).is_symlink() for key in kept)
        for key in kept:  # told when the folder is opened; the rest when it is read
            (tmp_path / key).unlink()
        strict = ClipDataset(
            VideoFolder(tmp_path), 8, 2, (16, 16), training=training, strict=True
        )
        with pytest.raises(VideoFileError, match="Received: path="):
            list(itertools.islice(strict.batches(4), 5))


def test_check_names_them_too(broken):
    root, expected = broken
    survey = check(root, num_frames=8, stride=2)
    assert set(survey.unreadable) == set(expected)
    sound = 120 - sum(key.endswith(".mp4") for key in expected)
    assert len(survey.videos) == sound
    assert survey.num_windows == sound * (18 - 14) and survey.num_disjoint == sound
    assert set(check(root, decode=False, num_workers=0).unreadable) == set(expected)
