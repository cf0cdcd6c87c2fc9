"""A tiny preset, clips, and the command line run in this process."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from keras_magvit.cli.main import main
from keras_magvit.io import write_video


def smooth(frames=4, height=16, width=16):
    """A uint8 clip without noise."""
    t, y, x = np.mgrid[:frames, :height, :width]
    red = 127 + 100 * np.sin(x / 5 + t / 3)
    green = 127 + 100 * np.cos(y / 7 - t / 5)
    blue = 127 + 80 * np.sin((x + y) / 9 + t / 4)
    return np.stack([red, green, blue], axis=-1).astype("uint8")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """An empty folder to run commands in."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def clip(work):
    """`clip.npz`, 10 frames of the tiny preset's size; its frames are returned."""
    frames = smooth(10)
    write_video("clip.npz", frames, 12.5)
    return frames


@pytest.fixture(scope="session")
def saved(shared_model, tmp_path_factory):
    """The tiny model as a preset folder, for tests that only read."""
    path = tmp_path_factory.mktemp("cli") / "tiny"
    shared_model.save_to_preset(path)
    return str(path)


@pytest.fixture
def spoiled(saved, tmp_path):
    """A copy of the preset that a test may spoil."""
    return Path(shutil.copytree(saved, tmp_path / "spoiled"))


@pytest.fixture
def preset(monkeypatch, saved, shared_model):
    """The preset's path, with the loading of its models cut short."""
    from keras_magvit import MAGVIT, VideoTokenizer

    def model(preset, load_weights=None, dtype=None):
        assert preset in (saved, "k600_fp")
        return shared_model

    def tokenizer(preset, load_weights=None, dtype=None):
        return model(preset).tokenizer

    monkeypatch.setattr(MAGVIT, "from_preset", model)
    monkeypatch.setattr(VideoTokenizer, "from_preset", tokenizer)
    return saved


@pytest.fixture
def run(work, capsys):
    """Runs a command that must succeed; returns its `(stdout, stderr)`."""

    def call(*argv):
        capsys.readouterr()
        assert main([str(word) for word in argv]) == 0, capsys.readouterr().err
        return capsys.readouterr()

    return call


@pytest.fixture
def refused(work, capsys):
    """Runs a command that must end in one line, exit code 2, and no new file."""

    def call(*argv):
        capsys.readouterr()
        before = {p: p.stat().st_mtime_ns for p in work.rglob("*")}
        assert main([str(word) for word in argv]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("keras-magvit: error: ") and err.endswith("\n")
        assert err.count("\n") == 1 and len(err) < 1200, err
        assert {p: p.stat().st_mtime_ns for p in work.rglob("*")} == before
        return err

    return call
