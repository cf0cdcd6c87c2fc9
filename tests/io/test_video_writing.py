"""Outputs appear whole or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest

from keras_magvit.io import VideoFileError, read_video, write_video
from keras_magvit.io import writing as writing_module

NAMES = ["a.mp4", "a.gif", "a.webp", "a.npz", "a"]
OLD = np.full((1, 4, 4, 3), 7, np.uint8)
NEW = np.full((2, 4, 4, 3), 90, np.uint8)


def _bad_float(value: float) -> np.ndarray:
    frames = np.full((1, 2, 2, 3), 0.5, np.float32)
    frames[0, 1, 1, 2] = value
    return frames


@pytest.mark.parametrize(
    "frames",
    [
        _bad_float(np.nan),
        _bad_float(np.inf),
        _bad_float(-0.001),
        _bad_float(1.001),
        np.zeros((2, 2, 3), np.uint8),
        np.zeros((1, 1, 2, 2, 3), np.uint8),
        np.zeros((1, 2, 2, 4), np.uint8),
        np.zeros((0, 2, 2, 3), np.uint8),
        np.zeros((1, 2, 2, 3), np.int64),
        np.zeros((1, 2, 2, 3), bool),
        np.array([[None]]),
        "text",
    ],
)
def test_bad_frames(tmp_path, frames):
    with pytest.raises(ValueError, match=r"Received: frames=.*$") as caught:
        write_video(tmp_path / "a.npz", frames)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1001, None, "x"])
def test_bad_frame_rate(tmp_path, rate):
    with pytest.raises(ValueError, match=r"Received: frame_rate="):
        write_video(tmp_path / "a.mp4", NEW, rate)


def test_bad_quality(tmp_path):
    with pytest.raises(ValueError, match=r"Received: quality=101"):
        write_video(tmp_path / "a.mp4", NEW, quality=101)


@pytest.mark.parametrize("name", NAMES)
def test_existing_output_needs_leave(tmp_path, name):
    path = tmp_path / name
    write_video(path, OLD)
    with pytest.raises(VideoFileError, match="exists; pass overwrite=True") as caught:
        write_video(path, NEW)
    assert str(caught.value).endswith(f"Received: path='{path}'")
    assert read_video(path).num_frames == 1
    write_video(path, NEW, overwrite=True)
    assert read_video(path).num_frames == 2
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt]
)
def test_a_failure_leaves_the_old_output(tmp_path, monkeypatch, name, error):
    path = tmp_path / name
    write_video(path, OLD)

    def fail(place: str, *args: object) -> None:
        target = Path(place, "half.png") if os.path.isdir(place) else Path(place)
        target.write_bytes(b"half")
        raise error

    for writer in ("write_mp4", "_write_bytes", "_write_npz", "_write_pngs"):
        monkeypatch.setattr(writing_module, writer, fail)
    expected = VideoFileError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        write_video(path, NEW, overwrite=True)
    if expected is VideoFileError:
        assert "No space left on device." in str(caught.value)
    assert os.listdir(tmp_path) == [name]
    assert read_video(path).num_frames == 1


def test_failed_swap_puts_the_old_folder_back(tmp_path, monkeypatch):
    path = tmp_path / "frames"
    write_video(path, OLD)
    rename, calls = os.rename, []

    def second_fails(source: str, target: str) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", second_fails)
    with pytest.raises(VideoFileError, match=r"Permission denied"):
        write_video(path, NEW, overwrite=True)
    assert os.listdir(tmp_path) == ["frames"]
    assert read_video(path).num_frames == 1


@pytest.mark.parametrize("name", NAMES)
def test_missing_and_unwritable_places(tmp_path, monkeypatch, name):
    with pytest.raises(VideoFileError, match="does not exist"):
        write_video(tmp_path / "no" / name, NEW)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(VideoFileError, match="does not exist"):
        write_video(tmp_path / "file" / name, NEW)
    # Permission bits do not bind an administrator, who may run these tests.
    monkeypatch.setattr(os, "access", lambda *args: False)
    with pytest.raises(VideoFileError, match="cannot be written to"):
        write_video(tmp_path / name, NEW)
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_and_a_folder_do_not_replace_each_other(tmp_path):
    (tmp_path / "a.gif").mkdir()
    with pytest.raises(VideoFileError, match="existing folder"):
        write_video(tmp_path / "a.gif", NEW, overwrite=True)
    (tmp_path / "a").write_bytes(b"text")
    with pytest.raises(VideoFileError, match="existing file"):
        write_video(tmp_path / "a", NEW, overwrite=True)
    assert (tmp_path / "a").read_bytes() == b"text"


def test_a_folder_of_other_files_is_not_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("words")
    with pytest.raises(VideoFileError, match=r"holds 'chapter\.tex'"):
        write_video(tmp_path / "thesis", NEW, overwrite=True)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "words"
    assert os.listdir(tmp_path) == ["thesis"]


def test_unknown_suffix_and_bad_path(tmp_path):
    with pytest.raises(VideoFileError, match=r"'\.xyz'; supported: \.mp4 \.gif"):
        write_video(tmp_path / "a.xyz", NEW)
    with pytest.raises(VideoFileError, match="null"):
        write_video("a\0.npz", NEW)


def test_too_long_a_side_for_the_format(tmp_path):
    with pytest.raises(ValueError, match="at most 16383"):
        write_video(tmp_path / "a.webp", np.zeros((1, 1, 16384, 3), np.uint8))
    with pytest.raises(VideoFileError):
        write_video(tmp_path / "a.mp4", np.zeros((1, 2, 20000, 3), np.uint8))
    assert os.listdir(tmp_path) == []


def test_permissions_follow_the_umask(tmp_path):
    old = os.umask(0o022)
    try:
        write_video(tmp_path / "a.gif", NEW)
    finally:
        os.umask(old)
    assert (tmp_path / "a.gif").stat().st_mode & 0o777 == 0o644
