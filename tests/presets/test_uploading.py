"""Uploads and back again, by the official clients, against stand-ins of the hubs."""

import json
import shutil
import sys

import keras
import numpy as np
import pytest

import keras_magvit as km
from tests.conftest import once
from tests.presets.hubs.hugging_face import HuggingFace
from tests.presets.hubs.kaggle import Kaggle

pytestmark = [
    once,  # no backend touches a file on its way
    # The client of Hugging Face and its own HTTP library.
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),
]
PRESET_FILES = {
    *("config.json", "metadata.json"),
    *(
        f"{part}/{file}"
        for part in ("tokenizer", "transformer")
        for file in ("config.json", "metadata.json", "model.weights.h5")
    ),
}


@pytest.fixture
def hugging_face(tmp_path, monkeypatch):
    """The stand-in, a fresh client that talks to it, and a login."""
    with HuggingFace().running() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.setenv("HF_TOKEN", hub.token)
        # Xet, the hub's newer store, is a service of its own.
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        # The client reads its environment when it is imported.
        for name in [n for n in sys.modules if n.startswith("huggingface_hub")]:
            monkeypatch.delitem(sys.modules, name)
        yield hub
    for name in [n for n in sys.modules if n.startswith("huggingface_hub")]:
        del sys.modules[name]


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    """The same for Kaggle."""
    kaggle_env = pytest.importorskip("kagglesdk.kaggle_env")
    with Kaggle().running() as hub:
        monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
        monkeypatch.setenv("KAGGLE_API_TOKEN", hub.token)
        monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))
        endpoints = {**kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL: hub.url}
        monkeypatch.setattr(kaggle_env, "_env_to_endpoint", endpoints)
        yield hub


@pytest.fixture
def not_sent():
    """Asserts that an upload is refused in one readable line."""

    def check(handle, preset, *words, **kwargs):
        with pytest.raises(km.presets.PresetError) as caught:
            km.upload_preset(handle, preset, **kwargs)
        text = str(caught.value)
        assert "\n" not in text and "Received: " in text
        for word in words:
            assert word in text, text

    return check


def same_weights(model, other):
    pairs = zip(model.weights, other.weights, strict=True)
    for one, two in pairs:
        one, two = map(keras.ops.convert_to_numpy, (one, two))
        np.testing.assert_array_equal(one, two)


# === Hugging Face ====================================================================


def test_hugging_face_round_trip(hugging_face, saved, shared_model):
    (saved / "diary.txt").write_text("secret")
    (saved / "curves.png").write_bytes(b"a picture")
    sent = km.upload_preset("hf://user/tiny", saved, private=True, message="first")
    stored = hugging_face.repositories["user/tiny"]
    assert set(stored) == PRESET_FILES | {"README.md", "curves.png"}
    assert sent.files == {name: len(data) for name, data in stored.items()}
    assert sent.url == f"{hugging_face.url}/user/tiny"
    # One commit: nobody ever finds half a model.
    assert hugging_face.commits == [("user/tiny", "first")]
    assert hugging_face.private == {"user/tiny"}
    assert not (saved / "README.md").exists()
    same_weights(km.MAGVIT.from_preset("hf://user/tiny"), shared_model)


def test_a_model_and_then_a_new_version_of_it(hugging_face, shared_model):
    km.upload_preset("hf://user/tiny", shared_model.tokenizer)
    tokenizer = km.VideoTokenizer.from_preset("hf://user/tiny")
    same_weights(tokenizer, shared_model.tokenizer)
    tokenizer.quantizer.codebook.assign(tokenizer.quantizer.codebook + 1.0)
    km.upload_preset("hf://user/tiny", tokenizer)
    same_weights(km.VideoTokenizer.from_preset("hf://user/tiny"), tokenizer)
    assert len(hugging_face.commits) == 2


def test_the_card_that_is_sent(hugging_face, saved):
    km.upload_preset("hf://user/tiny", saved, license="cc-by-4.0")
    card = hugging_face.repositories["user/tiny"]["README.md"].decode()
    assert card.startswith("---\nlicense: cc-by-4.0\nlibrary_name: keras\n")
    assert 'km.MAGVIT.from_preset("hf://user/tiny")' in card
    (saved / "README.md").write_text("My own words.")
    km.upload_preset("hf://user/tiny", saved)
    card = hugging_face.repositories["user/tiny"]["README.md"]
    assert card == b"My own words."


def test_a_dry_run_asks_nobody(hugging_face, saved, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    sent = km.upload_preset("hf://user/tiny", saved, dry_run=True)
    assert set(sent.files) == PRESET_FILES | {"README.md"} and sent.url is None
    assert hugging_face.requests == []


def test_nobody_is_logged_in(hugging_face, saved, monkeypatch, not_sent):
    monkeypatch.delenv("HF_TOKEN")
    not_sent("hf://user/tiny", saved, "Nobody is logged in", "hf auth login")
    assert hugging_face.requests == []


@pytest.mark.parametrize(("handle", "token"), [("hf://user/tiny", "bad"),
                                               ("hf://other/tiny", "good")])  # fmt: skip
def test_no_right_to_write(handle, token, hugging_face, saved, monkeypatch, not_sent):
    monkeypatch.setenv("HF_TOKEN", token)
    not_sent(handle, saved, "does not let you write to", "hf auth login")
    assert hugging_face.commits == []


def test_no_network(hugging_face, saved, monkeypatch, not_sent):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    not_sent("hf://user/tiny", saved, "The Hugging Face Hub cannot be reached")


# === Kaggle ==========================================================================


def test_kaggle_round_trip(kaggle, saved, shared_model):
    handle = "kaggle://owner/magvit/keras/tiny"
    sent = km.upload_preset(handle, saved)
    assert kaggle.models["owner/magvit"]["isPrivate"] is True
    (stored,) = kaggle.versions["owner/magvit/tiny"]
    assert set(stored) == PRESET_FILES | {"README.md"}
    assert sent.files == {name: len(data) for name, data in stored.items()}
    assert kaggle.licenses == ["Apache 2.0"]
    same_weights(km.MAGVIT.from_preset(handle), shared_model)
    km.upload_preset(handle, saved, message="second")
    assert kaggle.notes == ["second"] and len(kaggle.versions["owner/magvit/tiny"]) == 2


def test_kaggle_refuses(kaggle, saved, monkeypatch, not_sent):
    handle = "kaggle://owner/magvit/keras/tiny"
    monkeypatch.setenv("KAGGLE_API_TOKEN", "bad")
    not_sent(handle, saved, "Kaggle does not let you write", "kagglehub.login()")
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    for variable in ("HOME", "KAGGLE_CONFIG_DIR"):
        monkeypatch.setenv(variable, "/nowhere")
    not_sent(handle, saved, "Nobody is logged in", "KAGGLE_API_TOKEN")
    assert kaggle.versions == {}


# === Before anything is sent =========================================================


@pytest.mark.parametrize(
    "handle",
    [
        *("hf://user", "hf://a/b/c", "hf://../x", "kaggle://a/b/keras"),
        *("kaggle://a/b/keras/c/3", "s3://a/b", "user/name", ""),
    ],
)
def test_malformed_handles(handle, saved, not_sent):
    not_sent(handle, saved, "A handle to upload to must read hf://user/name")


def test_what_could_not_be_loaded_is_not_sent(
    hugging_face, saved, edit, not_sent, tmp_path
):
    def refused(*words, preset=saved):
        not_sent("hf://user/tiny", preset, *words)
        assert hugging_face.requests == []

    refused("There is no preset", preset=tmp_path / "nothing")
    refused("No public weights exist", preset="k600_fp")
    shutil.copy(saved / "transformer" / "model.weights.h5", saved / "tokenizer")
    refused("holds the weights of another model")
    edit(saved / "config.json", lambda tree: tree["config"].update(video_shape=[1, 2]))
    refused("config.json")
    (saved / "README.md").symlink_to("/etc/hostname")
    refused("README.md leads out of the preset folder")
    (saved / "tokenizer" / "model.weights.h5").unlink()
    refused("tokenizer/model.weights.h5 is missing")


def test_models_of_others_are_refused(not_sent):
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    not_sent("hf://user/tiny", model, "must be of this package", dry_run=True)


def test_missing_client(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install keras-magvit\[hub\]"):
        km.upload_preset("hf://user/tiny", saved)


def test_metadata_is_sent_as_it_is(hugging_face, saved):
    km.upload_preset("hf://user/tiny", saved)
    stored = hugging_face.repositories["user/tiny"]["metadata.json"]
    assert json.loads(stored) == json.loads((saved / "metadata.json").read_text())
