"""The datasets by their names, with the clips that the paper counts."""

import tarfile

import numpy as np
import pytest

from keras_magvit.data import registry
from keras_magvit.io import VideoFileError
from tests.data.builders.archives import (
    make_kinetics,
    make_nuscenes,
    random_video,
    write_lossless,
)

# Appendix B.3: clips of a video of the held-out split.
CLIPS = {
    "bair": 1,
    "kinetics600": 2 * 3,
    "ssv2": 2,
    "nuscenes": 16 * 3,
    "objectron": 5,
}


@pytest.mark.parametrize("name", list(CLIPS))
def test_evaluation_counts(name):
    options = dict(registry.find(name).evaluation)
    windows = options.get("windows_per_video", 1)
    windows = 1 if windows == "first" else windows
    assert windows * options.get("crops_per_video", 1) == CLIPS[name]


def test_prepared_and_opened_by_name(tmp_path):
    made = make_nuscenes(tmp_path / "downloads" / "manual" / "nuscenes", scenes=10)
    registry.prepare("nuscenes", tmp_path)
    clips = registry.clips("nuscenes", "validation", size=(16, 16), data_dir=tmp_path)
    assert len(clips) == 2 * 48
    # 32 frames have 17 places for a window of 16; 16 of them are spread evenly.
    frames = made["scene-0010/0000"]
    # Of 18 x 32 pixels 16 x 28 are left.
    first, last = clips.example(0)["video"], clips.example(47)["video"]
    assert first.shape == last.shape == (16, 16, 16, 3)
    np.testing.assert_allclose(
        first.mean((1, 2)), frames[:16].mean((1, 2)) / 255, atol=0.01
    )
    np.testing.assert_allclose(
        last.mean((1, 2)), frames[16:].mean((1, 2)) / 255, atol=0.01
    )


def test_kinetics_by_name(tmp_path):
    make_kinetics(tmp_path / "k600")
    registry.prepare("kinetics600", tmp_path, videos=tmp_path / "k600")
    clips = registry.clips("kinetics600", "validation", 4, data_dir=tmp_path)
    assert len(clips) == 6
    train = registry.clips("kinetics600", "train", 4, data_dir=tmp_path)
    assert train.training and train.num_classes == 3


def test_web_videos_are_tar_shards(tmp_path):
    (tmp_path / "web").mkdir()
    path = tmp_path / "a.mp4"
    video = write_lossless(path, random_video(0))
    with tarfile.open(tmp_path / "web" / "train-00000.tar", "w") as shard:
        shard.add(path, "0001.mp4")
    source = registry.open_source("web", "train", tmp_path)
    np.testing.assert_array_equal(source.frames(0, range(len(video))), video)
    with pytest.raises(VideoFileError):
        registry.open_source("web", "validation", tmp_path)
