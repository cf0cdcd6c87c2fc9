"""Presets on the disk for the tests of this folder."""

import json
import shutil
from pathlib import Path

import pytest

import keras_magvit as km


@pytest.fixture(scope="session")
def saved_once(shared_model, tmp_path_factory):
    """A tiny MAGVIT as a folder, for tests that only read."""
    path = tmp_path_factory.mktemp("presets") / "tiny"
    shared_model.save_to_preset(path)
    return path


@pytest.fixture
def saved(saved_once, tmp_path):
    """A copy of it that a test may spoil."""
    return Path(shutil.copytree(saved_once, tmp_path / "tiny"))


@pytest.fixture
def tokenizer_folder(saved):
    """The tokenizer's folder alone, which is a preset of its own."""
    return Path(shutil.move(saved / "tokenizer", saved.parent / "alone"))


@pytest.fixture
def edit():
    """Changes a JSON file: `edit(path, function of its value)`."""

    def change(path, function):
        value = json.loads(path.read_text())
        changed = function(value)
        path.write_text(json.dumps(value if changed is None else changed))

    return change


@pytest.fixture
def refused():
    """Asserts that loading gives one readable line, and returns it."""

    def check(preset, *words, cls=km.MAGVIT, **kwargs):
        with pytest.raises(km.presets.PresetError) as caught:
            cls.from_preset(preset, **kwargs)
        text = str(caught.value)
        assert "\n" not in text
        assert text.endswith(f"Received: preset={str(preset)!r}")
        assert len(text) < 1000
        for word in words:
            assert word in text, text
        return text

    return check
