"""Bad input is refused in one readable line."""

import ast
import builtins
import io
import os
import pickle
import struct
import sys
from pathlib import Path

import pytest
from PIL import Image

import keras_magvit.io
from keras_magvit.io import VideoFileError, read_video, write_video


def test_paths(tmp_path, refused):
    refused(tmp_path / "no.mp4", "No such file")
    (tmp_path / "a.mp4").write_bytes(b"")
    refused(tmp_path / "a.mp4", r"empty \(0 bytes\)")
    (tmp_path / "a.doc").write_bytes(b"x")
    refused(tmp_path / "a.doc", r"Unsupported file type '\.doc'; supported: \.mp4")
    (tmp_path / "none").mkdir()
    refused(tmp_path / "none", "no frames")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    refused(tmp_path / "loop.mp4", "symbolic links")
    os.mkfifo(tmp_path / "pipe.mp4")
    refused(tmp_path / "pipe.mp4", "not a regular file")
    refused(f"{tmp_path}/a\0.mp4", "null byte")
    refused(f"{tmp_path}/{'x' * 300}.mp4", "too long")


def test_symlink_loop_inside_a_folder(tmp_path):
    (tmp_path / "1.png").symlink_to(tmp_path / "1.png")
    with pytest.raises(VideoFileError, match="symbolic links"):
        read_video(tmp_path)


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.npz", "a.npy", "1.png"])
def test_unreadable(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(b"content")
    real = builtins.open

    def deny(file, *args, **kwargs):
        if str(file) == str(path):
            raise PermissionError(13, "Permission denied", str(file))
        return real(file, *args, **kwargs)

    # Permission bits do not bind an administrator, who may run these tests.
    for module in (builtins, io):
        monkeypatch.setattr(module, "open", deny)
    with pytest.raises(VideoFileError, match="Permission denied"):
        read_video(tmp_path if name == "1.png" else path)


@pytest.mark.parametrize("suffix", ["mp4", "avi", "webm", "mkv", "gif", "webp", "npz"])
@pytest.mark.parametrize("content", [b"Dear diary,\n" * 50, b"ffconcat version 1.0\n"])
def test_text_under_another_name(tmp_path, suffix, content, refused):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    refused(path, "not a|cut or damaged")


def test_audio_only(audio_only, refused):
    refused(audio_only, r"no pictures \(only audio\)")


@pytest.fixture(params=["mp4", "late.mp4", "avi", "webm", "mkv", "gif", "webp", "npz"])
def sound_file(request, tmp_path, smooth, encode) -> Path:
    frames, path = smooth(12, 48, 64), tmp_path / f"a.{request.param}"
    if request.param in ("avi", "mkv"):
        return encode(path, frames, "mpeg4", "yuv420p")
    if request.param == "webm":
        return encode(path, frames, "libvpx-vp9", "yuv420p")
    if request.param == "late.mp4":  # the index after the pictures
        return encode(path, frames, "libx264", "yuv420p")
    write_video(path, frames, 10)
    return path


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.995])
def test_cut_files(sound_file, share, refused):
    assert read_video(sound_file).num_frames == 12
    data = sound_file.read_bytes()
    sound_file.write_bytes(data[: int(len(data) * share)])
    refused(sound_file, "cut|damaged|not a")
    refused(sound_file, "cut|damaged|not a", num_frames=1)


def test_cut_behind_a_forged_length(tmp_path, smooth, refused):
    # The box is told that the file ends where it was cut: the packets tell.
    path = tmp_path / "a.mp4"
    write_video(path, smooth(24, 48, 64))
    data = bytearray(path.read_bytes()[:-1500])
    at = data.index(b"mdat") - 4
    data[at : at + 4] = struct.pack(">I", len(data) - at)
    path.write_bytes(data)
    refused(path, "cut|damaged")


def test_an_edit_list_is_no_damage(tmp_path, smooth):
    # Half of the stored frames are shown, as after a cut without re-encoding.
    path = tmp_path / "a.mp4"
    write_video(path, smooth(20, 32, 32), 10)
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4
    duration = struct.unpack_from(">I", data, at + 8)[0]
    struct.pack_into(">I", data, at + 8, duration // 2)
    path.write_bytes(data)
    assert 8 <= read_video(path).num_frames <= 12


@pytest.mark.parametrize("box", [b"tkhd", b"avc1"])
def test_mp4_that_claims_a_huge_frame(tmp_path, smooth, box, refused):
    path = tmp_path / "a.mp4"
    write_video(path, smooth(2, 16, 16))
    data = bytearray(path.read_bytes())
    at = data.rindex(box) + 4  # the first avc1 is a brand in the file type
    if box == b"tkhd":
        struct.pack_into(">II", data, at + 76, 20000 << 16, 20000 << 16)
    else:
        struct.pack_into(">HH", data, at + 24, 20000, 20000)
    path.write_bytes(data)
    refused(path, "20000x20000 pixels, more than the limit")


def test_webm_and_avi_that_claim_a_huge_frame(tmp_path, smooth, encode, refused):
    path = encode(tmp_path / "a.webm", smooth(2, 300, 300), "libvpx-vp9", "yuv420p")
    data = path.read_bytes()
    old, new = struct.pack(">H", 300), struct.pack(">H", 20000)
    for name in (b"\xb0\x82", b"\xba\x82"):
        assert data.count(name + old) == 1
        data = data.replace(name + old, name + new)
    path.write_bytes(data)
    refused(path, "20000x20000 pixels")
    path = encode(tmp_path / "a.avi", smooth(2, 16, 16), "mpeg4", "yuv420p")
    data = bytearray(path.read_bytes())
    struct.pack_into("<ii", data, data.index(b"strf") + 12, 20000, 20000)
    path.write_bytes(data)
    refused(path, "20000x20000 pixels")


def test_images_that_claim_a_huge_frame(tmp_path, smooth, refused):
    write_video(tmp_path / "a.gif", smooth(2, 8, 8))
    data = bytearray((tmp_path / "a.gif").read_bytes())
    struct.pack_into("<HH", data, 6, 20000, 20000)
    (tmp_path / "a.gif").write_bytes(data)
    refused(tmp_path / "a.gif", "20000x20000 pixels")
    write_video(tmp_path / "a.webp", smooth(2, 8, 8))
    data = bytearray((tmp_path / "a.webp").read_bytes())
    data[24:30] = (19999).to_bytes(3, "little") * 2
    (tmp_path / "a.webp").write_bytes(data)
    refused(tmp_path / "a.webp", "20000x20000 pixels")
    for side, pattern in ((20000, "too large|20000x20000"), (9000, "9000x9000")):
        folder = tmp_path / str(side)
        folder.mkdir()
        Image.new("L", (4, 4)).save(folder / "1.png")
        data = bytearray((folder / "1.png").read_bytes())
        struct.pack_into(">II", data, 16, side, side)
        import zlib

        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
        (folder / "1.png").write_bytes(data)
        refused(folder, pattern)


def test_max_pixels(tmp_path, smooth, refused):
    for name in ("a.mp4", "a.gif", "a.webp", "a.npz", "a"):
        write_video(tmp_path / name, smooth(1, 10, 10))
        refused(tmp_path / name, "10x10 pixels, more than the limit", max_pixels=99)
        assert read_video(tmp_path / name, max_pixels=100).num_frames == 1


def test_folder_of_mixed_sizes_and_damaged_frames(tmp_path, noise, refused):
    Image.new("RGB", (4, 3)).save(tmp_path / "1.png")
    Image.new("RGB", (5, 3)).save(tmp_path / "2.png")
    refused(tmp_path, "frame 1 is 5x3, the first is 4x3")
    for kind in ("png", "jpg"):
        folder = tmp_path / kind
        folder.mkdir()
        Image.fromarray(noise((30, 30, 3))).save(folder / f"1.{kind}")
        data = (folder / f"1.{kind}").read_bytes()
        (folder / f"1.{kind}").write_bytes(data[: len(data) // 2])
        refused(folder, "cut or damaged")
    (tmp_path / "2.png").write_text("text")
    refused(tmp_path, "not a PNG or JPEG")


def test_one_frame_where_more_are_needed(tmp_path, smooth, refused):
    write_video(tmp_path / "a.gif", smooth(1, 4, 4))
    refused(tmp_path / "a.gif", r"too short: 1 frame\(s\)", min_frames=2)


def test_the_error_survives_a_worker_process():
    error = VideoFileError("Two\nlines.", Path("a.mp4"))
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "Two lines. Received: path='a.mp4'"


@pytest.mark.parametrize(("missing", "name"), [("av", "a.mp4"), ("PIL", "a.gif")])
def test_missing_package_names_the_pip_line(
    tmp_path, monkeypatch, smooth, missing, name
):
    write_video(tmp_path / name, smooth(1, 4, 4))
    monkeypatch.setitem(sys.modules, missing, None)
    for call in (
        lambda: read_video(tmp_path / name),
        lambda: write_video(tmp_path / f"b{name}", smooth(1, 4, 4)),
    ):
        with pytest.raises(ImportError, match=r'pip install "keras-magvit\[video\]"'):
            call()


def test_no_heavy_import_at_the_top():
    allowed = {*sys.stdlib_module_names, "numpy", "keras_magvit"}
    for source in Path(keras_magvit.io.__file__).parent.glob("*.py"):
        for node in ast.parse(source.read_text()).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in names:
                assert name.split(".")[0] in allowed, (source.name, name)
                if name.startswith("keras_magvit"):
                    assert name.startswith("keras_magvit.io."), (source.name, name)
