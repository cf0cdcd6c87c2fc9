"""Handles of hubs, with stand-ins for their clients and no network."""

import os
import shutil
import sys
import types

import pytest

import keras_magvit as km
from keras_magvit.presets import hub


class RepositoryNotFoundError(OSError):
    """As huggingface_hub has it."""


class LocalEntryNotFoundError(FileNotFoundError, ValueError):
    """As huggingface_hub has it."""


class KaggleApiHTTPError(OSError):
    """As kagglehub has it."""

    def __init__(self, message, status_code):
        super().__init__(message)
        self.response = types.SimpleNamespace(status_code=status_code)


@pytest.fixture
def hugging_face(saved_once, tmp_path, monkeypatch):
    """A client whose cache holds links to blobs, as the real one's does."""
    module = types.ModuleType("huggingface_hub")
    cache = tmp_path / "models--user--name"
    blobs, snapshot = cache / "blobs", cache / "snapshots" / "abc"

    def snapshot_download(repo_id, *, allow_patterns):
        module.asked = repo_id, allow_patterns
        if repo_id == "user/offline":
            raise LocalEntryNotFoundError("Cannot find\nan appropriate snapshot")
        if repo_id != "user/name":
            raise RepositoryNotFoundError("404 Client Error\n\nRepository Not Found")
        blobs.mkdir(parents=True)
        for number, name in enumerate(allow_patterns):
            if not (saved_once / name).exists():
                continue
            shutil.copy(saved_once / name, blobs / str(number))
            (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
            target = os.path.relpath(blobs / str(number), (snapshot / name).parent)
            (snapshot / name).symlink_to(target)
        return str(snapshot)

    module.snapshot_download = snapshot_download
    module.snapshot = snapshot
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    return module


@pytest.fixture
def kaggle(saved_once, monkeypatch):
    module = types.ModuleType("kagglehub")

    def model_download(handle):
        module.asked = handle
        if "secret" in handle:
            raise KaggleApiHTTPError("403 Client Error.", 403)
        if "offline" in handle:
            raise ConnectionError("Name or service not known")
        if "broken" in handle:
            raise RuntimeError("Something\nelse")
        return str(saved_once)

    module.model_download = model_download
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    return module


def test_hugging_face(hugging_face, shared_model):
    model = km.MAGVIT.from_preset("hf://user/name")
    assert model.get_config() == shared_model.get_config()
    repo_id, patterns = hugging_face.asked
    assert repo_id == "user/name"
    # Pickles of a stranger are not even fetched.
    assert all(name.endswith((".json", "model.weights.h5")) for name in patterns)


def test_hugging_face_missing_file(hugging_face, refused):
    km.MAGVIT.from_preset("hf://user/name", load_weights=False)
    (hugging_face.snapshot / "transformer" / "model.weights.h5").unlink()
    hugging_face.snapshot_download = lambda *_, **__: str(hugging_face.snapshot)
    refused("hf://user/name", "transformer/model.weights.h5 is missing")
    (hugging_face.snapshot / "config.json").unlink()
    refused("hf://user/name", "config.json is missing")


def test_links_of_the_cache_must_stay_in_it(hugging_face, tmp_path, refused):
    km.MAGVIT.from_preset("hf://user/name", load_weights=False)
    config = hugging_face.snapshot / "config.json"
    shutil.copy(config, tmp_path / "elsewhere.json")
    config.unlink()
    config.symlink_to(tmp_path / "elsewhere.json")
    hugging_face.snapshot_download = lambda *_, **__: str(hugging_face.snapshot)
    refused("hf://user/name", "config.json leads out of the preset folder")


def test_hugging_face_errors(hugging_face, refused):
    refused("hf://user/other", "has no model user/other", "RepositoryNotFoundError")
    refused("hf://user/offline", "cannot be reached", "not in the local cache")


def test_kaggle(kaggle, shared_model):
    handle = "google/magvit/keras/k600_fp"
    model = km.VideoTokenizer.from_preset(f"kaggle://{handle}/3")
    assert kaggle.asked == f"{handle}/3"
    assert model.get_config() == shared_model.tokenizer.get_config()


def test_kaggle_errors(kaggle, refused):
    refused("kaggle://a/b/keras/secret", "has no model a/b/keras/secret", "licence")
    refused("kaggle://a/b/keras/offline", "Kaggle cannot be reached")
    refused("kaggle://a/b/keras/broken", "RuntimeError, Something else")


@pytest.mark.parametrize(
    "handle",
    ["hf://user", "hf://../name", "hf://a/b/c", "hf://a/..", "kaggle://a/b/c"],
)
def test_malformed_handles(handle, refused):
    refused(handle, "A handle must read")


@pytest.mark.parametrize(
    ("handle", "module"),
    [("hf://user/name", "huggingface_hub"), ("kaggle://a/b/keras/c", "kagglehub")],
)
def test_missing_client(handle, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"`pip install {module}`"):
        km.MAGVIT.from_preset(handle)


def test_clients_are_not_imported_before_they_are_needed():
    assert not {"huggingface_hub", "kagglehub"} & set(vars(hub))
