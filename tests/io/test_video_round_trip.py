"""What is written comes back."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_magvit.io import Video, read_video, write_video
from keras_magvit.io.lossless import frame_delays


@pytest.mark.parametrize(
    "size", [(64, 64), (61, 67), (32, 45), (17, 32), (2, 2), (1, 1)]
)
@pytest.mark.parametrize("kind", ["noise", "smooth"])
def test_mp4_keeps_forty_decibels(tmp_path, noise, smooth, psnr, kind, size):
    frames = noise((7, *size, 3)) if kind == "noise" else smooth(7, *size)
    write_video(tmp_path / "a.mp4", frames, 12.5)
    video = read_video(tmp_path / "a.mp4")
    assert video.frames.shape == frames.shape
    assert video.frame_rate == 12.5
    assert psnr(video.frames, frames) >= 40


@pytest.mark.parametrize(
    ("size", "quality", "kind", "expected"),
    [
        ((64, 64), 80, "smooth", "yuv420p"),
        ((64, 64), 80, "noise", "yuv444p"),
        ((64, 64), 79, "noise", "yuv420p"),
        ((63, 64), 50, "smooth", "yuv444p"),
    ],
)
def test_mp4_pixel_format(tmp_path, noise, smooth, size, quality, kind, expected):
    frames = noise((3, *size, 3)) if kind == "noise" else smooth(3, *size)
    path = tmp_path / "a.mp4"
    write_video(path, frames, quality=quality)
    with av.open(str(path)) as file:
        codec = file.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", expected)
        assert (codec.colorspace, codec.color_range) == (1, 1)


def test_mp4_halved_chroma_lies_where_the_reader_looks(tmp_path, smooth, psnr):
    frames = smooth(8, 64, 64)
    write_video(tmp_path / "a.mp4", frames)
    # 39.9 dB when the chroma location is left untagged.
    assert psnr(read_video(tmp_path / "a.mp4").frames, frames) > 45


def test_mp4_quality_trades_size_for_fidelity(tmp_path, smooth, psnr):
    frames = smooth(8, 64, 64)
    lengths, values = [], []
    for quality in (30, 60, 80, 100):
        path = tmp_path / f"{quality}.mp4"
        write_video(path, frames, quality=quality)
        lengths.append(path.stat().st_size)
        values.append(psnr(read_video(path).frames, frames))
    assert lengths == sorted(lengths)
    assert values == sorted(values)


@pytest.mark.parametrize("rate", [0.5, 1, 8, 23.976, 30000 / 1001, 29.97, 59.94, 240])
def test_mp4_and_npz_keep_the_frame_rate(tmp_path, smooth, rate):
    for name in ("a.mp4", "a.npz"):
        write_video(tmp_path / name, smooth(4, 16, 16), rate)
        assert read_video(tmp_path / name).frame_rate == pytest.approx(rate, rel=1e-6)


@pytest.mark.parametrize("rate", [5, 10, 24, 25, 29.97, 50, 60, 100])
def test_gif_and_webp_keep_the_frame_rate_to_their_units(tmp_path, smooth, rate):
    frames = smooth(12, 8, 8)
    for name, half_unit in (("a.gif", 0.005), ("a.webp", 0.0005)):
        write_video(tmp_path / name, frames, rate)
        duration = read_video(tmp_path / name).duration
        assert duration == pytest.approx(12 / rate, abs=half_unit + 1e-9)


def test_frame_delays_are_spread():
    assert frame_delays(4, 24, 100, 65535) == [4, 4, 4, 5]
    assert frame_delays(2, 1000, 100, 65535) == [1, 1]
    assert frame_delays(1, 0.0001, 100, 65535) == [65535]


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.npz", "frames"])
def test_identical_frames_are_not_merged(tmp_path, name):
    frames = np.full((6, 5, 7, 3), 9, np.uint8)
    frames[4:] = 200
    write_video(tmp_path / name, frames, 10)
    assert np.array_equal(read_video(tmp_path / name).frames, frames)


@pytest.mark.parametrize("colours", [1, 2, 3, 17, 255, 256])
def test_gif_is_exact_up_to_256_colours(tmp_path, noise, colours):
    palette = noise((3, colours, 3), seed=1)
    choice = np.random.default_rng(2).integers(0, colours, (3, 33, 31))
    frames = np.stack([palette[i][choice[i]] for i in range(3)])
    write_video(tmp_path / "a.gif", frames, 10)
    video = read_video(tmp_path / "a.gif")
    assert np.array_equal(video.frames, frames)
    assert video.frame_rate == pytest.approx(10)


def test_gif_of_many_colours_stays_close(tmp_path, smooth, psnr):
    frames = smooth(3, 120, 100)
    write_video(tmp_path / "a.gif", frames, 10)
    assert psnr(read_video(tmp_path / "a.gif").frames, frames) > 30


@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(0.01, 1000),
    flat=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_lossless_formats_are_exact(tmp_path_factory, shape, seed, rate, flat):
    folder = tmp_path_factory.mktemp("trip")
    high = 2 if flat else 256
    frames = np.random.default_rng(seed).integers(0, high, (*shape, 3), dtype=np.uint8)
    for name in ("a.npz", "a.webp", "a.gif"):
        write_video(folder / name, frames, rate)
        video = read_video(folder / name)
        assert np.array_equal(video.frames, frames), name
        if name == "a.npz":
            assert video.frame_rate == rate


def test_folder_of_frames(tmp_path, noise):
    frames = noise((12, 6, 5, 3))
    write_video(f"{tmp_path}/clip.v2/", frames)
    names = sorted(path.name for path in (tmp_path / "clip.v2").iterdir())
    assert names[0] == "frame_00000.png" and len(names) == 12
    video = read_video(tmp_path / "clip.v2", default_frame_rate=5)
    assert np.array_equal(video.frames, frames)
    assert video.frame_rate == 5


def test_floats_are_rounded_to_256_levels(tmp_path):
    frames = np.linspace(0, 1, 2 * 4 * 4 * 3).reshape(2, 4, 4, 3)
    write_video(tmp_path / "a.npz", frames)
    got = read_video(tmp_path / "a.npz").frames
    assert np.array_equal(got, np.rint(frames * 255))


def test_silent(tmp_path: Path, smooth, capfd):
    write_video(tmp_path / "a.mp4", smooth(4, 17, 16))
    read_video(tmp_path / "a.mp4")
    assert capfd.readouterr() == ("", "")


def test_video_checks_itself():
    with pytest.raises(ValueError, match=r"Received: frames=float64 array of shape"):
        Video(np.zeros((1, 2, 2, 3)), 8)
    with pytest.raises(ValueError, match=r"Received: frame_rate=0"):
        Video(np.zeros((1, 2, 2, 3), np.uint8), 0)
    video = Video(np.zeros((4, 2, 6, 3), np.uint8), 8)
    assert (video.num_frames, video.size, video.duration) == (4, (2, 6), 0.5)


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
@pytest.mark.parametrize("length", [5, 13])
@pytest.mark.parametrize("rate", [8, 23.976, 29.97, 60, 1])
def test_gif_and_webp_store_the_exact_rate(tmp_path, smooth, name, length, rate):
    write_video(tmp_path / name, smooth(length, 8, 8), rate)
    video = read_video(tmp_path / name)
    assert video.num_frames == length
    assert video.frame_rate == pytest.approx(rate, abs=1e-6)
    with Image.open(tmp_path / name) as picture:
        assert picture.n_frames == length
        picture.seek(length - 1)
        picture.load()


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
@pytest.mark.parametrize(
    "lie", ["9.25", "0.00", "-8.0", "1e99", "1-.e", "nan!", "8e-9"]
)
def test_a_stored_rate_that_the_delays_deny_is_ignored(tmp_path, smooth, name, lie):
    path = tmp_path / name
    write_video(path, smooth(5, 8, 8), 8.25)
    data = path.read_bytes()
    assert data.count(b"frame_rate=8.25") == 1
    path.write_bytes(data.replace(b"=8.25", f"={lie}".encode()))
    delays = 0.61 if name == "a.gif" else 0.606
    assert read_video(path).frame_rate == pytest.approx(5 / delays, rel=1e-12)
