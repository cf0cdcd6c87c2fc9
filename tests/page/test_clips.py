"""What a visitor may start from, and what is refused."""

import os

import numpy as np
import pytest

from keras_magvit.io import write_video
from keras_magvit.page.clips import clip_names, open_clip, read_upload
from keras_magvit.page.limits import Limits

SHAPE = (4, 16, 16)


@pytest.fixture
def upload(tmp_path):
    """A video of 12 frames, frame i of brightness 20 i."""
    frames = np.full((12, 16, 24, 3), np.arange(12)[:, None, None, None] * 20, "uint8")
    path = tmp_path / "clip.webp"
    write_video(path, frames, 12.0)
    return path


def test_clips_that_come_along_have_the_size_of_the_model():
    for name in clip_names("")[::7]:
        clip = open_clip(name, SHAPE)
        assert clip.frames.shape == (*SHAPE, 3) and clip.frames.dtype == np.uint8
        assert clip.frames.std() > 1
    assert clip_names("moving_digits_mt10_micro")[3] == "moving digit 3"


def test_clips_come_by_name_alone():
    for name in ("../figures", "moving digit", "/etc/passwd", "moving digit 3/../x"):
        with pytest.raises(ValueError, match="There is no such clip"):
            open_clip(name, SHAPE)


def test_start_and_stride_choose_the_frames(upload):
    clip = read_upload(upload, SHAPE, Limits(), start=1, stride=3)
    np.testing.assert_array_equal(clip.frames[:, 8, 8, 0], [20, 80, 140, 200])
    assert clip.frame_rate == 4.0


@pytest.mark.parametrize(
    "choice, text",
    [
        ({"start": 601}, "first frame must be from 0 to 600"),
        ({"start": -1}, "first frame must be from 0 to 600"),
        ({"stride": 9}, "stride must be from 1 to 8"),
        ({"start": 9}, "too short: 3 frame"),
    ],
)
def test_frames_out_of_range(upload, choice, text):
    with pytest.raises(ValueError, match=text):
        read_upload(upload, SHAPE, Limits(), **choice)


@pytest.mark.parametrize(
    "limits, text",
    [({"upload_bytes": 2**10}, "larger than 0 MB"), ({"pixels": 300}, "limit")],
)
def test_large_files(upload, limits, text):
    os.truncate(upload, max(os.path.getsize(upload), 2**10 + 1))
    with pytest.raises(ValueError, match=text):
        read_upload(upload, SHAPE, Limits(**limits))


@pytest.mark.parametrize("name", ["a.npz", "a.png", "a.html", "a", "a.mp4.exe"])
def test_other_files(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"<script>alert(1)</script>")
    with pytest.raises(ValueError, match="no video file. Read are .mp4"):
        read_upload(path, SHAPE, Limits())


@pytest.mark.parametrize("name", ["a.mp4", "b.gif", "c.webm"])
@pytest.mark.parametrize("data", [b"", b"<script>alert(1)</script>" * 99])
def test_broken_files_never_name_the_path(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError) as error:
        read_upload(path, SHAPE, Limits())
    assert str(tmp_path) not in str(error.value)


def test_limits_are_positive():
    with pytest.raises(
        ValueError, match="`queue` must be at least 1. Received: queue=0"
    ):
        Limits(queue=0)
