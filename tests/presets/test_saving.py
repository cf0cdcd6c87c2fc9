"""`save_to_preset`: whole or not at all, and nobody else's files."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.presets import replacing

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def _text(folder):
    """What the folder holds; `write` below filled it."""
    return (Path(folder) / "file").read_text()


def write(text):
    return lambda folder: (Path(folder) / "file").write_text(text) and None


@posix
@pytest.mark.parametrize("way", ["exchange", "portable"])
@pytest.mark.parametrize("old", ["old", "nothing"])
def test_killed_at_every_step(way, old, tmp_path):
    script = Path(__file__).parent / "replacing_process.py"
    run = subprocess.run(
        [sys.executable, script, replacing.__file__, tmp_path, old, way],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    found = run.stdout.split()
    before = "old" if old == "old" else "None"
    # First the old one, from some step on the new one, and never anything else.
    change = found.index("new")
    assert len(found) > 30
    assert found == [before] * change + ["new"] * (len(found) - change)


KILLED = """
import os, signal, sys
import keras
import keras_magvit as km

model = km.MAGVIT.from_preset(sys.argv[1], sampling={"num_steps": 9})
for weight in model.transformer.weights:
    weight.assign(weight.value + 1)
save = keras.Model.save_weights
saved = []

def save_and_die(self, path, **kwargs):
    save(self, path, **kwargs)
    saved.append(path)
    if len(saved) == 2:
        os.truncate(path, os.path.getsize(path) // 2)
        os.kill(os.getpid(), signal.SIGKILL)

keras.Model.save_weights = save_and_die
model.save_to_preset(sys.argv[1])
"""


@posix
def test_killed_save_of_a_model(saved, shared_model):
    # The files are the same on all, and PyTorch is the quickest to start.
    torch = importlib.util.find_spec("torch")
    backend = "torch" if torch else keras.config.backend()
    run = subprocess.run(
        [sys.executable, "-c", KILLED, saved],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert len(os.listdir(saved.parent)) == 2
    loaded = km.MAGVIT.from_preset(saved)
    assert loaded.sampling.num_steps == 3
    for mine, theirs in zip(loaded.weights, shared_model.weights, strict=True):
        np.testing.assert_array_equal(
            *map(keras.ops.convert_to_numpy, (mine.value, theirs.value))
        )
    loaded.save_to_preset(saved)
    assert os.listdir(saved.parent) == [saved.name]


def test_failed_save_leaves_the_old_one(saved, shared_model, monkeypatch):
    def fail(self, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save_weights", fail)
    with pytest.raises(km.presets.PresetError) as caught:
        shared_model.save_to_preset(saved)
    assert str(caught.value) == (
        "The preset cannot be written: No space left on device. "
        f"Received: directory={str(saved)!r}"
    )
    assert os.listdir(saved.parent) == [saved.name]
    monkeypatch.undo()
    km.MAGVIT.from_preset(saved)


def test_loading_recovers(saved):
    """A kill between the two renames of the portable way."""
    aside = replacing._beside(str(saved), "old")
    saved.rename(aside)
    assert km.VideoTokenizer.from_preset(saved).codebook_size == 32
    assert os.listdir(saved.parent) == [saved.name]


def test_another_process_in_between(tmp_path, monkeypatch):
    """A reader puts the old folder back before the new one is there."""
    monkeypatch.setattr(replacing, "_exchange", lambda first, second: False)
    path = str(tmp_path / "preset")
    replacing.replace_folder(path, write("old"))
    rename, renamed = os.rename, []

    def rename_and_recover(source, target):
        rename(source, target)
        renamed.append(target)
        if len(renamed) == 1:
            assert replacing.recover(path) == path

    monkeypatch.setattr(os, "rename", rename_and_recover)
    replacing.replace_folder(path, write("new"))
    assert _text(path) == "new"
    assert os.listdir(tmp_path) == ["preset"]


def test_live_saves_are_not_swept_away(tmp_path):
    path = str(tmp_path / "preset")

    def write_and_save(folder):
        replacing.replace_folder(path, write("inner"))
        assert os.path.isdir(folder)
        write("outer")(folder)

    replacing.replace_folder(path, write_and_save)
    assert _text(path) == "outer"
    assert os.listdir(tmp_path) == ["preset"]


# === Places ==========================================================================


def test_parents_links_and_long_names(shared_tokenizer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shared_tokenizer.save_to_preset("new/parents/here/")
    km.VideoTokenizer.from_preset("new/parents/here")
    (tmp_path / "link").symlink_to("new/parents/here")
    shared_tokenizer.save_to_preset("link")
    assert (tmp_path / "link").is_symlink()
    shared_tokenizer.save_to_preset(tmp_path / ("é" * 120))
    (tmp_path / "empty").mkdir()
    shared_tokenizer.save_to_preset("empty")
    assert len(os.listdir("empty")) == 3


def test_strangers_files_are_kept(saved, shared_model, shared_tokenizer):
    (saved / "README.md").write_text("card")
    (saved / ".git").mkdir()
    (saved / ".git" / "HEAD").write_text("ref")
    shared_model.save_to_preset(saved)
    assert (saved / "README.md").read_text() == "card"
    assert (saved / ".git" / "HEAD").read_text() == "ref"
    # What was the preset's goes with it.
    shared_tokenizer.save_to_preset(saved)
    assert not (saved / "transformer").exists()
    km.VideoTokenizer.from_preset(saved)


def test_no_other_folder_is_replaced(shared_tokenizer, tmp_path):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with pytest.raises(km.presets.PresetError, match="not a preset; it is kept"):
        shared_tokenizer.save_to_preset(folder)
    with pytest.raises(km.presets.PresetError, match="this is a file"):
        shared_tokenizer.save_to_preset(folder / "config.json")
    assert os.listdir(folder) == ["config.json"]


@pytest.mark.parametrize("directory", ["", "a\0b", 7, None, "hf://user/name"])
def test_no_path(shared_tokenizer, directory):
    with pytest.raises(km.presets.PresetError, match="must be the path of a folder"):
        shared_tokenizer.save_to_preset(directory)


def test_nothing_can_be_written(shared_tokenizer, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(km.presets.PresetError, match="cannot be written"):
        shared_tokenizer.save_to_preset(tmp_path / "file" / "preset")
