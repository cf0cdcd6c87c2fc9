"""Two sets of anybody's videos, as folders and array files."""

import numpy as np
import pytest

from keras_magvit.evaluation import compare_videos
from keras_magvit.io import write_video
from keras_magvit.metrics import fvd
from tests.conftest import once

pytestmark = once
FRAMES = 10


def _videos(seed, count=6, shape=(FRAMES, 16, 24)):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape, 3), "uint8")


def _folder(path, videos, suffix):
    """As people have them: some deeper than others."""
    (path / "a" / "b").mkdir(parents=True)
    for index, video in enumerate(videos):
        write_video(path / ("a/b" if index % 2 else "a") / f"{index}{suffix}", video)
    (path / "readme.txt").write_text("no video")
    return path


@pytest.mark.parametrize("kind", ["npz", "npy", "clips", "frames"])
def test_layouts_give_one_number(kind, tmp_path, i3d):
    real, fake = _videos(0), _videos(1)
    expected = fvd(real, fake, i3d)
    places = []
    for name, videos in (("real", real), ("fake", fake)):
        place = tmp_path / name
        if kind == "npz":
            place = tmp_path / f"{name}.npz"
            np.savez(place, videos=videos)
        elif kind == "npy":
            place = tmp_path / f"{name}.npy"
            np.save(place, videos)
        else:
            _folder(place, videos, ".npz" if kind == "clips" else "")
        places.append(place)
    found = compare_videos(*places, i3d, batch_size=4)
    assert found.fvd.value == pytest.approx(expected.value, rel=1e-6)
    assert found.fvd == pytest.approx(found.fvd)
    assert (found.fvd.num_real, found.fvd.num_fake) == (6, 6)
    assert found.fvd.real_size == (16, 24)


def test_choice_of_frames_videos_and_size(tmp_path, i3d):
    real, fake = _videos(0, 9), _videos(1, 5, (12, 16, 24))
    np.save(tmp_path / "real.npy", real)
    np.save(tmp_path / "fake.npy", fake)
    places = (tmp_path / "real.npy", tmp_path / "fake.npy")
    found = compare_videos(*places, i3d, num_frames=9, num_videos=3)
    chosen = real[[0, 3, 6], :9], fake[[0, 1, 3], :9]
    assert found.fvd.value == pytest.approx(fvd(*chosen, i3d).value, rel=1e-6)
    assert "first 9 frames" in found.clips
    assert found.real_half_against_half is None  # of three
    found = compare_videos(*places, i3d, num_frames=9, size=(16, 16))
    chosen = real[:, :9, :, 4:20], fake[:, :9, :, 4:20]
    assert found.fvd.value == pytest.approx(fvd(*chosen, i3d).value, rel=1e-6)
    halves = chosen[0][::2], chosen[0][1::2]
    expected = fvd(*halves, i3d).value
    assert found.real_half_against_half == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (_videos(0), _videos(1, 1), "at least 2 videos"),
        (_videos(0), _videos(1, 3, (12, 16, 24)), "same number of frames"),
        (_videos(0, 3, (8, 16, 24)), _videos(1, 3, (8, 16, 24)), "at least 9 frames"),
        (_videos(0), _videos(1) * 1.0, r"in \[0, 1\]"),
        (_videos(0), _videos(1) / 255 + np.nan, "NaN"),
    ],
)
def test_bad_sets(real, fake, message, tmp_path, i3d):
    np.savez(tmp_path / "real.npz", videos=real)
    np.savez(tmp_path / "fake.npz", videos=fake)
    with pytest.raises(ValueError, match=message) as error:
        compare_videos(tmp_path / "real.npz", tmp_path / "fake.npz", i3d)
    assert "Received: " in str(error.value)


def test_sizes_that_differ_and_files_that_are_broken(tmp_path, i3d):
    real = _folder(tmp_path / "real", _videos(0), ".npz")
    fake = _folder(tmp_path / "fake", _videos(1, 5), ".npz")
    write_video(fake / "wide.npz", _videos(2, 1, (FRAMES, 16, 32))[0])
    with pytest.raises(ValueError, match=r"same size; pass `size`.*wide.npz"):
        compare_videos(real, fake, i3d)
    (fake / "wide.npz").write_bytes(b"not a zip file, but long enough")
    with pytest.raises(ValueError, match="wide.npz"):
        compare_videos(real, fake, i3d)
    found = compare_videos(real, fake, i3d, skip_unreadable=True)
    assert found.fvd.num_fake == 5
    assert list(found.skipped["fake"]["unreadable"]) == ["wide.npz"]
    with pytest.raises(ValueError, match="no such file or folder"):
        compare_videos(real, tmp_path / "nowhere", i3d)
