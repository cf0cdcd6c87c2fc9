"""Several outputs appear together or not at all."""

from pathlib import Path

import pytest

from keras_magvit.cli.errors import CommandError
from keras_magvit.cli.outputs import numbered, write_all
from keras_magvit.io import VideoFileError, write_video
from tests.cli.conftest import smooth


def _writes(text):
    return lambda path: Path(path).write_text(text)


def _fails(error):
    def write(path):
        Path(path).write_text("half")
        raise error

    return write


def test_all_are_written(work):
    Path("b.txt").write_text("old")
    write_all([("a.txt", _writes("a")), ("b.txt", _writes("b"))])
    assert Path("a.txt").read_text() == "a" and Path("b.txt").read_text() == "b"
    assert sorted(p.name for p in work.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    "error, line",
    [
        (
            OSError(28, "No space left on device"),
            "'b.txt': cannot write the output: No",
        ),
        (VideoFileError("It is bad.", "x"), "'b.txt': cannot write the output: It is"),
    ],
)
def test_none_is_written_if_one_fails(work, error, line):
    Path("a.txt").write_text("old")
    with pytest.raises(CommandError, match=line):
        write_all([("a.txt", _writes("a")), ("b.txt", _fails(error))])
    assert Path("a.txt").read_text() == "old"
    assert [p.name for p in work.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a bug")])
def test_an_interruption_leaves_nothing(work, error):
    with pytest.raises(type(error)):
        write_all([("a.txt", _writes("a")), ("b.txt", _fails(error))])
    assert not list(work.iterdir())


def test_a_failure_while_renaming_is_undone(work, monkeypatch):
    import os

    Path("a.txt").write_text("old")
    real = os.rename

    def rename(source, place):
        if place == "b.txt":
            raise OSError(13, "Permission denied")
        real(source, place)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(CommandError, match="cannot write the output: Perm"):
        write_all([("a.txt", _writes("a")), ("b.txt", _writes("b"))])
    assert Path("a.txt").read_text() == "old"
    assert [p.name for p in work.iterdir()] == ["a.txt"]


def test_a_folder_is_replaced_whole(work):
    write_video("frames", smooth(4))
    write_all([("frames/", lambda path: write_video(path, smooth(2)))])
    assert sorted(p.name for p in Path("frames").iterdir()) == [
        *("frame_00000.png", "frame_00001.png")
    ]
    assert [p.name for p in work.iterdir()] == ["frames"]


def test_numbered():
    assert numbered("a.mp4", 1) == ["a.mp4"]
    assert numbered("x/a.mp4", 2) == ["x/a_0.mp4", "x/a_1.mp4"]
    assert numbered("frames/", 11)[10] == "frames_10"
