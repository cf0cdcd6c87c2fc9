"""The examples in the docstrings of the room run, and say what comes out."""

import doctest
import importlib
import pkgutil
import tarfile

import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.data import ClipDataset, MovingDigits, MovingShapes
from tests.data.videos import write_numbered

NAMES = {
    **{"km": km, "np": np, "ClipDataset": ClipDataset},
    **{"MovingDigits": MovingDigits, "MovingShapes": MovingShapes},
}

# These need a prepared dataset, which the tests of the builders make.
NEEDS_MORE = ("keras_magvit.data.sources.tfds_videos",)


def modules():
    for room in ("keras_magvit.data", "keras_magvit.data.sources"):
        path = importlib.import_module(room).__path__
        for found in pkgutil.iter_modules(path, f"{room}."):
            if not found.ispkg:
                yield found.name


def examples(name):
    module = importlib.import_module(name)
    names = {**NAMES, **vars(module)}
    tests = doctest.DocTestFinder(exclude_empty=True).find(module, globs=names)
    return [test for test in tests if test.examples]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The files that the examples name."""
    path = write_numbered(tmp_path / "videos" / "cat" / "a.mp4", 20)
    (tmp_path / "web").mkdir()
    with tarfile.open(tmp_path / "web" / "web-0.tar", "w") as shard:
        shard.add(path, "0001.mp4")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", [name for name in modules() if name not in NEEDS_MORE])
def test_examples(name, files):
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    for test in examples(name):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_there_are_examples():
    assert sum(len(examples(name)) for name in modules()) >= 5
