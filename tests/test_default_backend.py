"""The backend that Keras is told to take where nobody names one."""

import json
import sys

import pytest

from keras_magvit import default_backend


@pytest.fixture
def settle(monkeypatch, tmp_path):
    """Settles among installed packages; returns what KERAS_BACKEND is then."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "")

    def run(installed, configured=None, named=""):
        monkeypatch.setenv("KERAS_BACKEND", named)
        monkeypatch.setattr(default_backend, "_is_installed", installed.__contains__)
        if configured is not None:
            (tmp_path / "keras.json").write_text(configured)
        default_backend.settle()
        return default_backend.os.environ["KERAS_BACKEND"]

    return run


def config(name):
    return json.dumps({"backend": name})


@pytest.mark.parametrize(
    ("installed", "configured", "named", "expected"),
    [
        ({"tensorflow", "jax"}, None, "", ""),  # Keras' own choice
        ({"jax", "torch"}, None, "", "jax"),
        ({"torch"}, config("tensorflow"), "", "torch"),  # as Keras writes it by itself
        ({"jax", "torch"}, config("torch"), "", ""),  # is there: it stands
        ({"jax"}, config("tensorflow"), "tensorflow", "tensorflow"),  # named: it stands
        ({"jax"}, "{broken", "", "jax"),
        ({"jax"}, '["backend"]', "", "jax"),
        (set(), None, "", ""),  # Keras says what is missing
    ],
)
def test_settling(settle, installed, configured, named, expected):
    assert settle(installed, configured, named) == expected


def test_keras_that_is_imported_has_chosen(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", object())
    monkeypatch.setenv("KERAS_BACKEND", "")
    monkeypatch.setattr(default_backend, "_is_installed", {"torch"}.__contains__)
    default_backend.settle()
    assert default_backend.os.environ["KERAS_BACKEND"] == ""
