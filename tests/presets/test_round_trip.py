"""Saved, loaded, and the same: on this backend to the bit, on the others nearly."""

import importlib.util
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_magvit as km

# From the quickest to start: the first other one always, the rest if asked to.
BACKENDS = ["torch", "tensorflow", "jax"]
BACKENDS.remove(keras.config.backend())
OTHERS = [BACKENDS[0], pytest.param(BACKENDS[1], marks=pytest.mark.heavy)]


def _numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def _same_weights(first, second):
    for mine, theirs in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(_numpy(mine.value), _numpy(theirs.value))


def test_same_backend(shared_model, saved_once, clips):
    loaded = km.MAGVIT.from_preset(saved_once)
    _same_weights(loaded.transformer, shared_model.transformer)
    _same_weights(loaded.tokenizer, shared_model.tokenizer)
    assert loaded.get_config() == shared_model.get_config()
    assert loaded.vocabulary == shared_model.vocabulary
    arguments = {"video": clips(), "labels": [0, 3], "seed": 5}
    task = "class_frame_prediction"
    np.testing.assert_array_equal(
        loaded.generate(task, **arguments), shared_model.generate(task, **arguments)
    )


def test_parts_of_a_folder(shared_model, saved_once):
    tokenizer = km.VideoTokenizer.from_preset(str(saved_once))
    _same_weights(tokenizer, shared_model.tokenizer)
    _same_weights(km.VideoTokenizer.from_preset(saved_once / "tokenizer"), tokenizer)
    transformer = km.MaskedVideoTransformer.from_preset(saved_once)
    _same_weights(transformer, shared_model.transformer)


def test_a_part_that_the_user_brings(saved, shared_tokenizer):
    (saved / "tokenizer" / "model.weights.h5").unlink()
    model = km.MAGVIT.from_preset(saved, tokenizer=shared_tokenizer)
    assert model.tokenizer is shared_tokenizer


def test_without_weights(saved, shared_model):
    for part in ("tokenizer", "transformer"):
        (saved / part / "model.weights.h5").unlink()
    model = km.MAGVIT.from_preset(saved, load_weights=False, sampling={"num_steps": 1})
    assert model.transformer.count_params() == shared_model.transformer.count_params()
    assert model.sampling.num_steps == 1


def test_files(saved_once, shared_model):
    found = {str(p.relative_to(saved_once)) for p in saved_once.rglob("*.*")}
    parts = ("tokenizer", "transformer")
    files = ("config.json", "metadata.json", "model.weights.h5")
    expected = {os.path.join(part, file) for part in parts for file in files}
    assert found == expected | {"config.json", "metadata.json"}
    metadata = json.loads((saved_once / "metadata.json").read_text())
    numbers = [getattr(shared_model, part).count_params() for part in parts]
    assert metadata["parameter_count"] == sum(numbers)
    assert metadata["keras_version"] == keras.__version__
    assert metadata["keras_magvit_version"] == km.__version__
    assert metadata["tasks"] == sorted(shared_model.tasks)
    config = json.loads((saved_once / "config.json").read_text())["config"]
    assert config["vocabulary"]["prompt_version"] == 1
    assert config["sampling"]["num_steps"] == 3


def test_discriminator_and_bfloat16(tmp_path):
    arguments = {"filters": 4, "channel_multipliers": (1,), "video_shape": (4, 8, 8)}
    model = km.VideoDiscriminator(**arguments, dtype="bfloat16")
    model.save_to_preset(tmp_path / "critic")
    loaded = km.VideoDiscriminator.from_preset(tmp_path / "critic")
    assert loaded.dtype_policy.name == "bfloat16"
    for mine, theirs in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(
            *(_numpy(keras.ops.cast(w.value, "float32")) for w in (mine, theirs))
        )


def test_dtype_of_loaded_parts(saved_once):
    model = km.MAGVIT.from_preset(saved_once, dtype="mixed_bfloat16")
    for part in (model, model.tokenizer, model.transformer):
        assert part.dtype_policy.name == "mixed_bfloat16"


# === The user's own classes ==========================================================


@keras.saving.register_keras_serializable(package="tests_presets")
class RoundedQuantizer(km.layers.VectorQuantizer):
    """A quantizer with one weight more."""

    def build(self, input_shape=None):
        super().build(input_shape)
        self.scale = self.add_weight(shape=(3,), name="scale")


@keras.saving.register_keras_serializable(package="tests_presets")
class OwnTokenizer(km.VideoTokenizer):
    """A subclass of the user's own."""


SIZES = {
    "filters": 4,
    "channel_multipliers": (1, 1),
    "temporal_downsample": (True,),
    "embedding_dim": 4,
    "codebook_size": 8,
    "num_res_blocks": 1,
    "video_shape": (2, 4, 4),
}


def test_registered_classes(tmp_path, edit, refused):
    model = OwnTokenizer(**SIZES, quantizer=RoundedQuantizer(8, 4))
    model.save_to_preset(tmp_path / "own")
    loaded = km.VideoTokenizer.from_preset(tmp_path / "own")
    assert type(loaded) is OwnTokenizer
    assert type(loaded.quantizer) is RoundedQuantizer
    _same_weights(loaded, model)
    # Its number of weights is unknown until it is built: metadata.json says it.
    metadata = tmp_path / "own" / "metadata.json"
    edit(metadata, lambda value: value.update(parameter_count=10**30))
    refused(tmp_path / "own", "has parameter_count 10000", cls=km.VideoTokenizer)
    metadata.unlink()
    refused(tmp_path / "own", "metadata.json is missing", cls=km.VideoTokenizer)


def test_unregistered_class_is_not_saved(tmp_path):
    class Unknown(km.VideoTokenizer):
        pass

    with pytest.raises(km.presets.PresetError, match="Unknown"):
        Unknown(**SIZES).save_to_preset(tmp_path / "own")
    assert not list(tmp_path.iterdir())


# === Other backends ==================================================================

SCRIPT = """
import sys
import keras
import numpy as np
import keras_magvit as km

folder, clips, out = sys.argv[1:]
model = km.MAGVIT.from_preset(folder)
clips = np.load(clips)
to_numpy = keras.ops.convert_to_numpy
np.savez(
    out,
    features=to_numpy(model.tokenizer.encode_features(clips)),
    ids=to_numpy(model.tokenizer.encode(clips)),
    logits=to_numpy(model(np.arange(24, dtype="int32").reshape(2, 12))),
    backend=keras.config.backend(),
)
"""


@pytest.mark.parametrize("backend", OTHERS)
def test_other_backend(backend, saved_once, shared_model, clips, tmp_path, close):
    if importlib.util.find_spec(backend) is None:
        pytest.skip("not installed")
    video, out = clips(), tmp_path / "out.npz"
    np.save(tmp_path / "clips.npy", video)
    subprocess.run(
        [sys.executable, "-c", SCRIPT, saved_once, tmp_path / "clips.npy", out],
        env={**os.environ, "KERAS_BACKEND": backend},
        check=True,
        capture_output=True,
    )
    theirs = np.load(out)
    assert theirs["backend"] == backend
    tokenizer = shared_model.tokenizer
    close(tokenizer.encode_features(video), theirs["features"], 1e-4)
    np.testing.assert_array_equal(_numpy(tokenizer.encode(video)), theirs["ids"])
    ids = np.arange(24, dtype="int32").reshape(2, 12)
    close(shared_model(ids), theirs["logits"], 1e-4)
