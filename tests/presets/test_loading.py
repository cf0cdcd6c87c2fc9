"""`from_preset` with names: what it builds, warns of and refuses."""

import dataclasses
import pathlib
import pickle
import warnings

import pytest

import keras_magvit as km
from keras_magvit.presets import table


@pytest.fixture(autouse=True)
def tiny_row(monkeypatch):
    """A row of the table that builds in no time."""
    tokenizer = dataclasses.replace(
        table.PRESETS["bair_3dvq"],
        name="tiny_3dvq",
        config={
            # The sizes of the shared fixtures, which JAX has compiled already.
            "filters": 32,
            "channel_multipliers": (1, 1, 2),
            "temporal_downsample": (True, False),
            "embedding_dim": 8,
            "codebook_size": 32,
            "num_res_blocks": 1,
            "video_shape": (4, 16, 16),
        },
    )
    model = dataclasses.replace(
        table.PRESETS["bair_fp"],
        name="tiny_fp",
        tokenizer="tiny_3dvq",
        config={
            **table.PRESETS["bair_fp"].config,
            "transformer": {
                "num_layers": 1,
                "num_heads": 2,
                "hidden_dim": 32,
                "mlp_dim": 64,
            },
        },
    )
    for row in (tokenizer, model):
        monkeypatch.setitem(table.PRESETS, row.name, row)


def test_one_warning_that_says_what_to_do():
    with pytest.warns(UserWarning) as caught:
        model = km.MAGVIT.from_preset("tiny_fp")
    (warning,) = caught
    text = str(warning.message)
    for words in ("'tiny_fp'", "No public weights", "fit", "load_weights=False"):
        assert words in text
    assert warning.filename == __file__
    assert model.sampling.schedule == "exp"
    assert model.sampling.choice_temperature == 400


def test_load_weights(refused):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        km.MAGVIT.from_preset("tiny_fp", load_weights=False)
    refused("tiny_fp", "No public weights exist", load_weights=True)
    with pytest.raises(ValueError, match="load_weights='yes'"):
        km.MAGVIT.from_preset("tiny_fp", load_weights="yes")


def test_parts_of_a_model_by_its_name():
    tokenizer = km.VideoTokenizer.from_preset("tiny_fp", load_weights=False)
    assert type(tokenizer) is km.VideoTokenizer
    assert tokenizer.codebook_size == 32
    tokenizer = km.VideoTokenizer.from_preset("tiny_3dvq", load_weights=False)
    assert tokenizer.latent_shape == (2, 4, 4)


def test_overrides():
    model = km.MAGVIT.from_preset(
        "tiny_fp", load_weights=False, sampling={"num_steps": 2}, name="mine"
    )
    assert model.sampling == km.Sampling(num_steps=2)
    assert model.name == "mine"
    mine = km.VideoTokenizer.from_preset("tiny_3dvq", load_weights=False)
    model = km.MAGVIT.from_preset("tiny_fp", load_weights=False, tokenizer=mine)
    assert model.tokenizer is mine


def test_dtype_reaches_every_part():
    model = km.MAGVIT.from_preset("tiny_fp", load_weights=False, dtype="mixed_bfloat16")
    for part in (model, model.tokenizer, model.tokenizer.encoder, model.transformer):
        assert part.dtype_policy.name == "mixed_bfloat16"


def test_unknown_names(refused):
    refused("k600_fb", "'k600_fp'", "keras_magvit.presets()")
    refused("clowntown", "no preset and no folder", "hf://user/name")
    refused("gs://bucket/model", "'hf://', 'kaggle://'")
    refused("", "`preset` must be")
    refused("a\0b", "`preset` must be")
    with pytest.raises(km.presets.PresetError, match="must be a name"):
        km.MAGVIT.from_preset(7)


def test_path_is_never_a_name(tmp_path, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(km.presets.PresetError, match="no preset and no folder"):
        km.MAGVIT.from_preset(pathlib.Path("tiny_fp"))
    (tmp_path / "file").write_text("")
    refused("file", "this is a file")


def test_wrong_class(refused):
    message = (
        "Saved preset has type `MAGVIT` which is not a subclass of calling class "
        "`VideoDiscriminator`. Call `from_preset` directly on `MAGVIT` instead."
    )
    refused("tiny_fp", message, cls=km.VideoDiscriminator)
    refused("tiny_3dvq", "`VideoTokenizer` which is not a subclass", "`MAGVIT`")


def test_unfit_overrides(refused):
    refused("tiny_fp", "takes the arguments", "['colour']", colour="red")
    refused("tiny_fp", "frame_prediction", "'dreaming'", tasks=("dreaming",))


def test_trained_row(saved, monkeypatch, refused):
    """A row with weights loads them by default, and nothing if told not to."""
    row = dataclasses.replace(table.PRESETS["tiny_fp"], weights=str(saved))
    monkeypatch.setitem(table.PRESETS, "tiny_fp", row)
    assert km.MAGVIT.from_preset("tiny_fp").num_classes == 5
    assert km.MAGVIT.from_preset("tiny_fp", load_weights=False).num_classes == 0
    (saved / "transformer" / "model.weights.h5").unlink()
    refused("tiny_fp", "transformer/model.weights.h5 is missing", load_weights=True)


def test_error_survives_pickling():
    error = km.presets.PresetError("No\nmore.", "x", "directory")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "No more. Received: directory='x'"
    assert isinstance(copy, ValueError)
