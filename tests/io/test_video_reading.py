"""Sound sources of every kind give the right frames."""

import struct

import numpy as np
import pytest
from PIL import Image

from keras_magvit.io import VideoFileError, read_video, write_video
from keras_magvit.io.containers import orient
from keras_magvit.io.resizing import resize_frame


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "options", "least"),
    [
        ("a.avi", "ffv1", "bgr0", {}, 99),
        ("a.mkv", "ffv1", "bgr0", {}, 99),
        ("a.mov", "png", "rgb24", {}, 99),
        ("a.avi", "mjpeg", "yuvj444p", {"q:v": "2"}, 30),
        ("a.webm", "libvpx-vp9", "yuv444p", {"crf": "10", "b:v": "0"}, 30),
    ],
)
def test_containers(
    tmp_path, smooth, psnr, encode, name, codec, pixel_format, options, least
):
    frames = smooth(6, 30, 46)
    video = read_video(
        encode(tmp_path / name, frames, codec, pixel_format, 25, options)
    )
    assert video.frames.shape == frames.shape
    assert video.frame_rate == pytest.approx(25)
    assert psnr(video.frames, frames) >= least


def test_grey_and_transparent_video(tmp_path, noise, encode):
    grey = noise((3, 8, 8))
    path = encode(tmp_path / "g.mkv", grey, "ffv1", "gray", source="gray")
    assert np.array_equal(
        read_video(path).frames, np.repeat(grey[..., None], 3, axis=-1)
    )
    rgba = noise((3, 8, 8, 4))
    path = encode(tmp_path / "a.mov", rgba, "png", "rgba", source="rgba")
    expected = np.rint(rgba[..., :3] * (rgba[..., 3:] / 255.0))
    assert np.abs(read_video(path).frames - expected).max() <= 1


# What a phone writes for a video taken upright: x' = h - y, y' = x, a clockwise turn.
CLOCKWISE = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)


def test_rotation_is_applied(tmp_path, smooth, psnr):
    frames = smooth(2, 16, 24)
    write_video(tmp_path / "a.mp4", frames)
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    data[matrix : matrix + 36] = struct.pack(">9i", *CLOCKWISE)
    (tmp_path / "turned.mp4").write_bytes(data)
    got = read_video(tmp_path / "turned.mp4").frames
    assert got.shape == (2, 24, 16, 3)
    assert psnr(got, np.rot90(frames, -1, axes=(1, 2))) > 40


def test_every_orientation(noise):
    frame = noise((2, 3, 3))
    for a, b, c, d, expected in (
        (1, 0, 0, 1, frame),
        (-1, 0, 0, 1, frame[:, ::-1]),
        (1, 0, 0, -1, frame[::-1]),
        (-1, 0, 0, -1, np.rot90(frame, 2)),
        (0, 1, -1, 0, np.rot90(frame, -1)),
        (0, -1, 1, 0, np.rot90(frame, 1)),
    ):
        matrix = np.array([[a, b, 0], [c, d, 0], [0, 0, 1]])
        assert np.array_equal(orient(frame, matrix), expected)


def test_folder_in_natural_order_of_mixed_kinds(tmp_path):
    for index in (10, 9, 1, 100):
        Image.new("L", (4, 3), index).save(tmp_path / f"f{index}.PNG")
    (tmp_path / "notes.txt").write_text("ignored")
    (tmp_path / ".hidden.png").write_text("ignored")
    video = read_video(tmp_path)
    assert video.frames[:, 0, 0, 0].tolist() == [1, 9, 10, 100]
    assert video.frame_rate == 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, noise, orientation):
    from PIL import ImageOps

    image = Image.fromarray(noise((3, 5, 3)))
    image.getexif()[0x0112] = orientation
    image.save(tmp_path / "a.png", exif=image.getexif())
    with Image.open(tmp_path / "a.png") as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored))
    assert np.array_equal(read_video(tmp_path).frames[0], expected)


def test_image_modes(tmp_path):
    deep = Image.fromarray(np.array([[0, 257, 65535]], np.uint16))
    deep.save(tmp_path / "1.png")
    Image.new("RGBA", (3, 1), (200, 100, 50, 51)).save(tmp_path / "2.png")
    Image.new("1", (3, 1), 1).save(tmp_path / "3.png")
    frames = read_video(tmp_path).frames[:, 0]
    assert frames[0, :, 0].tolist() == [0, 1, 255]
    assert frames[1, 0].tolist() == [40, 20, 10]
    assert frames[2, 0].tolist() == [255, 255, 255]


def test_gif_and_webp_by_another_writer(tmp_path, noise):
    frames = [Image.fromarray(noise((6, 6, 3), seed=i) // 128 * 255) for i in range(3)]
    for name in ("a.gif", "a.webp"):
        frames[0].save(
            tmp_path / name,
            save_all=True,
            append_images=frames[1:],
            duration=40,
            lossless=True,
        )
        video = read_video(tmp_path / name)
        assert np.array_equal(video.frames, np.stack([np.asarray(f) for f in frames]))
        assert video.frame_rate == 25
    frames[0].save(tmp_path / "still.webp", lossless=True)
    assert read_video(tmp_path / "still.webp").frame_rate == 8


def test_arrays(tmp_path, noise):
    frames = noise((4, 5, 6, 3))
    np.save(tmp_path / "a.npy", frames)
    assert np.array_equal(read_video(tmp_path / "a.npy").frames, frames)
    np.save(tmp_path / "f.npy", np.asfortranarray(frames / 255.0).astype(">f4"))
    assert np.array_equal(read_video(tmp_path / "f.npy").frames, frames)
    np.save(tmp_path / "g.npy", frames[..., 0])
    assert np.array_equal(read_video(tmp_path / "g.npy").frames[..., 2], frames[..., 0])
    np.savez(tmp_path / "b.npz", clip=frames)
    assert read_video(tmp_path / "b.npz", default_frame_rate=3).frame_rate == 3


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.webp", "a.npz", "a"])
def test_window(tmp_path, name):
    frames = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.full(
        (1, 16, 16, 3), 25, np.uint8
    )
    write_video(tmp_path / name, frames, 10)
    video = read_video(
        tmp_path / name, start=1, stride=3, num_frames=3, default_frame_rate=10
    )
    levels = np.rint(video.frames.mean(axis=(1, 2, 3)) / 25).tolist()
    assert levels == [1, 4, 7]
    assert video.frame_rate == pytest.approx(10 / 3)
    assert read_video(tmp_path / name, start=9).num_frames == 1
    with pytest.raises(
        VideoFileError, match=r"too short: 4 frame\(s\) .* 5 are needed"
    ):
        read_video(tmp_path / name, start=6, num_frames=5)
    with pytest.raises(VideoFileError, match="11 are needed"):
        read_video(tmp_path / name, min_frames=11)
    with pytest.raises(VideoFileError, match="too long: more than 9 frames"):
        read_video(tmp_path / name, max_frames=9)


def test_resize_crops_the_centre_and_does_not_alias():
    frame = np.zeros((8, 24, 3), np.uint8)
    frame[:, 8:16] = 255  # the centred square
    assert np.array_equal(resize_frame(frame, (4, 4)), np.full((4, 4, 3), 255))
    odd = np.zeros((9, 16, 3), np.uint8)  # a box between pixels
    assert resize_frame(odd, (7, 5)).shape == (7, 5, 3)
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    small = resize_frame(np.repeat(board[..., None], 3, axis=-1), (16, 16))
    assert np.abs(small.astype(int) - 127.5).max() < 4
    assert resize_frame(frame, (8, 24)) is frame


def test_size_of_a_clip(tmp_path, noise):
    write_video(tmp_path / "a.npz", noise((2, 9, 16, 3)))
    assert read_video(tmp_path / "a.npz", size=(7, 5)).size == (7, 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_frames", 0),
        ("start", -1),
        ("stride", 0),
        ("size", (0, 4)),
        ("min_frames", 0),
        ("default_frame_rate", 0),
    ],
)
def test_bad_arguments(tmp_path, name, value):
    with pytest.raises(ValueError, match=r"Received: \w+="):
        read_video(tmp_path, **{name: value})
