"""Any frames of any video are those that reading all of it and slicing gives."""

import itertools
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from keras_magvit.io import VideoFileError, read_video, seeking, write_video
from keras_magvit.io.random_access import index_video, read_frames
from keras_magvit.io.spans import Span

CLOCKWISE = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)

# suffix, codec, pixel format, options, whether frames can be sought; None: not always
CODECS = {
    "b-frames": ("mp4", "libx264", "yuv420p", {"g": "12", "bf": "3"}, True),
    "b-frames in mkv": ("mkv", "libx264", "yuv420p", {"g": "12", "bf": "3"}, True),
    "tiny groups": ("mp4", "libx264", "yuv420p", {"g": "3", "bf": "2"}, True),
    "open groups": (
        *("mp4", "libx264", "yuv420p"),
        {"g": "9", "x264-params": "open-gop=1:bframes=3:scenecut=0:b-pyramid=strict"},
        True,
    ),
    "open groups in mkv": (
        *("mkv", "libx264", "yuv420p"),
        {"g": "9", "x264-params": "open-gop=1:bframes=3:scenecut=0:b-pyramid=strict"},
        True,
    ),
    "no key frames": (
        *("mp4", "libx264", "yuv420p"),
        {"x264-params": "intra-refresh=1:keyint=10:bframes=0"},
        None,
    ),
    "hevc": (
        *("mp4", "libx265", "yuv420p"),
        {"x265-params": "keyint=9:bframes=3:open-gop=1:log-level=none:pools=1"},
        True,
    ),
    "interlaced": (
        *("mp4", "libx264", "yuv420p"),
        {"g": "8", "x264-params": "tff=1:bframes=2"},
        False,
    ),
    "fragments": (
        *("mp4", "libx264", "yuv420p"),
        {"g": "8", "movflags": "frag_keyframe+empty_moov"},
        True,
    ),
    "vp8": ("webm", "libvpx", "yuv420p", {"g": "20", "lag-in-frames": "8"}, False),
    "vp9": ("webm", "libvpx-vp9", "yuv420p", {"g": "10", "lag-in-frames": "8"}, True),
    "mpeg4 in avi": ("avi", "mpeg4", "yuv420p", {"g": "8", "bf": "2"}, False),
    "mpeg4 in mp4": ("mp4", "mpeg4", "yuv420p", {"g": "8", "bf": "2"}, False),
    "pictures": ("avi", "mjpeg", "yuvj420p", {}, False),
    "pictures in mkv": ("mkv", "mjpeg", "yuvj420p", {}, True),
    "grey": ("mkv", "ffv1", "gray", {}, True),
    "grey and alpha": ("mkv", "ffv1", "ya8", {}, True),
    "alpha": ("mkv", "ffv1", "bgra", {}, True),
    "alpha in mov": ("mov", "qtrle", "argb", {}, True),
    "alpha in png": ("mov", "png", "rgba", {}, True),
}


@pytest.fixture
def clip(smooth, noise):
    """30 frames, 37 x 52, each unlike the others."""
    return smooth(30, 36, 52) // 2 + noise((30, 1, 1, 3)) // 3


def same_frames(path, fallbacks=None, span=None):
    """Asserts that windows at all strides equal the slices; returns the index."""
    whole = read_video(path).frames
    file = span or Span(str(path))
    index = index_video(file)
    assert (index.num_frames, index.height, index.width) == whole.shape[:3]
    windows = [
        range(start, len(whole), stride)
        for start, stride in itertools.product((0, 1, 7, 11, 20, 29), (1, 2, 5))
    ]
    windows += [range(i, i + 1) for i in range(len(whole))]
    for window in windows:
        wanted = [i for i in window if i < len(whole)][:6] or [0]
        got = list(read_frames(file, index, wanted))
        assert np.array_equal(np.array(got), whole[wanted]), wanted
    return index


@pytest.fixture
def no_fallback(monkeypatch):
    """Makes decoding from the start an error."""

    def refuse(*args):
        raise AssertionError("decoded from the start")

    return lambda: monkeypatch.setattr(seeking, "_from_start", refuse)


@pytest.mark.parametrize("name", list(CODECS))
def test_windows_equal_slices(tmp_path, clip, encode, no_fallback, name):
    suffix, codec, pixel_format, options, seeks = CODECS[name]
    path = tmp_path / f"a.{suffix}"
    encode(path, clip, codec, pixel_format, options=options)
    if seeks:
        no_fallback()
    index = same_frames(path)
    assert (index.packets is not None) == (seeks is not False)
    assert index.num_frames == 30


def test_only_the_window_is_decoded(tmp_path, clip, encode, monkeypatch):
    """A window in the last group of pictures costs no more than that group."""
    options = {"g": "10", "bf": "0", "sc_threshold": "0"}
    path = encode(tmp_path / "a.mp4", clip, "libx264", "yuv420p", options=options)
    index = index_video(Span(str(path)))
    decoded = []
    real = seeking._packets_from
    monkeypatch.setattr(
        seeking,
        "_packets_from",
        lambda *args: (decoded.append(n) or (n, p) for n, p in real(*args)),
    )
    list(read_frames(Span(str(path)), index, [24, 25]))
    assert decoded[0] == 20 and len(decoded) <= 8


def test_variable_frame_rate(tmp_path, clip, no_fallback):
    path, times = tmp_path / "a.mp4", np.cumsum([1 + i % 4 for i in range(30)])
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30, options={"g": "7", "bf": "2"})
        stream.height, stream.width, stream.pix_fmt = 36, 52, "yuv420p"
        for time, pixels in zip(times.tolist(), clip, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 30)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    no_fallback()
    assert same_frames(path).num_frames == 30


def test_frames_before_an_edit_are_decoded_and_not_shown(tmp_path, clip, encode):
    source = encode(
        tmp_path / "whole.mp4", clip, "libx264", "yuv420p", options={"g": "30"}
    )
    path = tmp_path / "a.mp4"
    with av.open(str(source)) as whole, av.open(str(path), "w") as cut:
        track = whole.streams.video[0]
        stream = cut.add_stream_from_template(track)
        shift = int(Fraction(5, 10) / track.time_base)
        for packet in whole.demux(track):
            if packet.size:
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = stream
                cut.mux(packet)
    index = same_frames(path)
    assert index.num_frames == 25
    assert index.packets is not None and len(index.packets.times) == 30


@pytest.mark.parametrize("size", [(35, 51), (1, 1), (17, 16)])
def test_odd_sizes(tmp_path, noise, encode, size):
    frames = noise((30, *size, 3))
    same_frames(encode(tmp_path / "a.mkv", frames, "libx264", "yuv444p"))


def test_rotated(tmp_path, clip, encode, no_fallback):
    path = encode(tmp_path / "a.mp4", clip, "libx264", "yuv420p", options={"g": "8"})
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    data[matrix : matrix + 36] = struct.pack(">9i", *CLOCKWISE)
    path.write_bytes(data)
    no_fallback()
    index = same_frames(path)
    assert (index.height, index.width) == (52, 36)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.npz", "frames"])
def test_what_write_video_writes(tmp_path, clip, name):
    path = tmp_path / name
    write_video(path, clip, 10)
    index = same_frames(path)
    assert index.frame_rate == pytest.approx(8 if name == "frames" else 10)


@pytest.mark.parametrize("channels", [0, 1, 3, 4])
def test_arrays_of_one_to_four_channels(tmp_path, noise, channels):
    shape = (30, 6, 7, channels) if channels else (30, 6, 7)
    np.save(tmp_path / "a.npy", noise(shape))
    same_frames(tmp_path / "a.npy")


def test_a_transparent_gif(tmp_path):
    frames = [Image.new("RGBA", (9, 8), (200, 9 * i, 0, 255)) for i in range(30)]
    for i, frame in enumerate(frames):
        frame.paste((0, 0, 0, 0), (0, 0, 1 + i % 9, 4))
    frames[0].save(
        tmp_path / "a.gif", save_all=True, append_images=frames[1:], disposal=2
    )
    same_frames(tmp_path / "a.gif")


@pytest.mark.parametrize("suffix", ["mp4", "webp", "gif", "npz"])
def test_inside_another_file(tmp_path, clip, suffix):
    """As a member of an archive is read: between other bytes, by the same code."""
    path, archive = tmp_path / f"a.{suffix}", tmp_path / "archive.tar"
    write_video(path, clip, 10)
    data = path.read_bytes()
    archive.write_bytes(b"before" + data + b"after" * 100)
    file = Span(str(archive), 6, len(data), f"archive.tar/a.{suffix}")
    same_frames(path, span=file)
    cut = Span(str(archive), 6, len(data) // 2, f"archive.tar/a.{suffix}")
    with pytest.raises(VideoFileError, match="archive.tar/a"):
        index = index_video(cut)
        list(read_frames(cut, index, range(index.num_frames)))


def test_a_file_that_changed_under_the_index(tmp_path, clip, encode):
    """The frames are those of the file as it is now, or it is refused."""
    path = tmp_path / "a.mp4"
    encode(path, clip, "libx264", "yuv420p", options={"g": "10"})
    index = index_video(Span(str(path)))
    encode(path, clip[::-1], "libx264", "yuv420p", options={"g": "4"})
    now = read_video(path).frames
    got = list(read_frames(Span(str(path)), index, [21, 22]))
    assert np.array_equal(np.array(got), now[[21, 22]])
    encode(path, clip[:8], "libx264", "yuv420p")
    with pytest.raises(VideoFileError, match="no frame 21 any more"):
        list(read_frames(Span(str(path)), index, [21, 22]))
