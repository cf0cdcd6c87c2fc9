"""Miniature archives of BAIR and UCF-101 through the builders of TFDS."""

import numpy as np
import pytest

from keras_magvit.data import ClipDataset
from keras_magvit.data.builders import published
from keras_magvit.io import VideoFileError
from tests.data.builders.archives import random_video, write_lossless, write_text

FRAMES = 30


def _write_records(path, records):
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def _bair_example(aux, main):
    """The raw layout: one feature a frame and camera, pixels as bytes."""
    import tensorflow as tf

    features = tf.train.Features()
    for t in range(FRAMES):
        for camera, video in (("image_aux1", aux), ("image_main", main)):
            pixels = features.feature[f"{t}/{camera}/encoded"].bytes_list
            pixels.value.append(video[t].tobytes())
        for name, size in (("action", 4), ("endeffector_pos", 3)):
            values = np.full(size, t / 10).tolist()
            features.feature[f"{t}/{name}"].float_list.value.extend(values)
    return tf.train.Example(features=features).SerializeToString()


def _make_bair(root):
    rng = np.random.default_rng(0)
    made = {}
    for split, count in (("train", 3), ("test", 2)):
        videos = rng.integers(0, 256, (count, 2, FRAMES, 64, 64, 3), "uint8")
        folder = root / "softmotion30_44k" / split
        folder.mkdir(parents=True)
        path = folder / "traj_0_to_255.tfrecords"
        _write_records(path, [_bair_example(*video) for video in videos])
        made[split] = videos[:, 0]
    return made


def test_bair_is_the_second_camera_bit_for_bit(tmp_path):
    made = _make_bair(tmp_path / "archive")
    published.prepare_bair(tmp_path / "data", archive=tmp_path / "archive")
    for split, videos in made.items():
        source = published.open_bair(split, tmp_path / "data")
        assert len(source) == len(videos)
        assert source.info(0).num_frames == FRAMES
        found = [source.frames(i, range(FRAMES)) for i in range(len(source))]
        # TFDS shuffles examples when it writes them.
        order = [next(i for i, v in enumerate(videos) if (v == f).all()) for f in found]
        assert sorted(order) == list(range(len(videos)))
    clips = ClipDataset(source, 16, training=False, windows_per_video="all")
    assert len(clips) == 2 * 15
    np.testing.assert_array_equal(
        clips.example(3)["video"], np.float32(found[0][3:19] / np.float32(255))
    )


@pytest.mark.parametrize("layout", ["rar", "tfds"])
def test_ucf101(tmp_path, layout):
    """The official .rar has a folder a class; TFDS's own archive has none."""
    root, made = tmp_path / "archive", {}
    lists = {
        "train": [
            "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi",
            "YoYo/v_YoYo_g09_c02.avi",
        ],
        "test": ["HandstandPushups/v_HandStandPushups_g01_c01.avi"],
    }
    for split, names in lists.items():
        lines = [
            f"{name} {i + 1}" if split == "train" else name
            for i, name in enumerate(names)
        ]
        write_text(root / "ucfTrainTestlist" / f"{split}list01.txt", "\r\n".join(lines))
        for name in names:
            label, file = name.split("/")
            # The lists and the archive spell one class differently.
            file = file.replace("HandStandPushups", "HandstandPushups")
            folder = root / "UCF-101" / label if layout == "rar" else root / "UCF101"
            video = random_video(len(made), frames=12, height=48, width=64)
            made[label] = write_lossless(folder / file, video, rate=25)
    published.prepare_ucf101(tmp_path / "data", archive=root)
    seen = set()
    for split, names in lists.items():
        source = published.open_ucf101(split, tmp_path / "data")
        assert len(source) == len(names) and source.num_classes == 101
        for i in range(len(source)):
            label = source.class_names[source.label(i)]
            seen.add(label)
            video, found = made[label], source.frames(i, range(12))
            assert found.shape == video.shape
            # JPEG, as TFDS stores it.
            error = np.abs(found.astype(float) - video).mean()
            assert error < 6, error
    assert seen == set(made)


def test_missing_parts_are_named(tmp_path):
    with pytest.raises(
        VideoFileError, match="Missing: softmotion30_44k/train/.*extract"
    ):
        published.prepare_bair(tmp_path / "data", archive=tmp_path)
    (tmp_path / "UCF101.rar").write_bytes(b"Rar!")
    with pytest.raises(VideoFileError, match="ucfTrainTestlist/, UCF-101/.*unrar"):
        published.prepare_ucf101(tmp_path / "data", archive=tmp_path)
    for opened in (published.open_bair, published.open_ucf101):
        with pytest.raises(VideoFileError, match="data prepare (bair|ucf101)`"):
            opened("train", tmp_path / "data")


def test_ucf101_says_how_to_get_ffmpeg(tmp_path, monkeypatch):
    import sys

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ImportError, match="pip install imageio-ffmpeg"):
        published.prepare_ucf101(tmp_path / "data", archive=tmp_path)
