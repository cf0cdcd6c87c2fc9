"""Mixed precision: nothing is NaN, and the ids stay those of float32."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from tests.conftest import use_features_as_codebook

POLICIES = ["mixed_bfloat16", "mixed_float16"]


def _tokenizer(dtype):
    keras.utils.set_random_seed(0)
    return km.VideoTokenizer(
        32,
        (1, 1, 2),
        (True, True),
        embedding_dim=64,
        codebook_size=256,
        num_res_blocks=1,
        video_shape=(4, 32, 32),
        dtype=dtype,
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_ids_agree_with_float32(policy):
    """At least 97% equal, with the codebook a sample of the encoder's features."""
    full, mixed = _tokenizer("float32"), _tokenizer(policy)
    use_features_as_codebook(full, seed=0)
    for ours, theirs in zip(mixed.variables, full.variables, strict=True):
        ours.assign(theirs)
    clips = np.random.default_rng(7).random((8, 4, 32, 32, 3), "float32")
    ids, expected = (
        keras.ops.convert_to_numpy(model.encode(clips)) for model in (mixed, full)
    )
    assert len(np.unique(expected)) > 100
    assert (ids == expected).mean() >= 0.97
    video = keras.ops.convert_to_numpy(mixed.decode(expected))
    reference = keras.ops.convert_to_numpy(full.decode(expected))
    assert video.dtype == np.float32
    assert np.isfinite(video).all()
    assert np.abs(video - reference).max() < 0.1 * np.abs(reference).max()


@pytest.mark.parametrize("policy", POLICIES)
def test_islands_of_float32(policy):
    tokenizer = _tokenizer(policy)
    clips = np.random.default_rng(0).random((1, 4, 32, 32, 3), "float32")
    features = tokenizer.encode_features(clips)
    assert keras.backend.standardize_dtype(features.dtype) == "float32"
    assert tokenizer.quantizer.codebook.dtype == "float32"
    assert tokenizer.encoder.chain[1].conv_1.compute_dtype == policy.removeprefix(
        "mixed_"
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_large_values_do_not_overflow_in_the_norm(policy):
    """Squares of 300 pass the largest float16; the sums are float32."""
    norm = km.layers.GroupNormSwish(dtype=policy)
    norm.build((None, None, None, None, 64))
    x = np.random.default_rng(0).normal(size=(1, 2, 4, 4, 64)) * 300
    y = keras.ops.convert_to_numpy(norm(keras.ops.cast(x, norm.compute_dtype)))
    assert np.isfinite(y.astype("float32")).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_transformer_and_discriminator_are_finite(policy):
    keras.utils.set_random_seed(0)
    size = {"num_layers": 2, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 64}
    full = km.MaskedVideoTransformer(40, 24, **size)
    mixed = km.MaskedVideoTransformer(40, 24, **size, dtype=policy)
    mixed.set_weights(full.get_weights())
    ids = np.random.default_rng(0).integers(0, 40, (2, 24))
    logits, reference = (
        keras.ops.convert_to_numpy(m(ids, training=False)) for m in (mixed, full)
    )
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, reference, atol=0.1 * np.abs(reference).max())
    critic = km.VideoDiscriminator(8, (2, 2), video_shape=(4, 16, 16), dtype=policy)
    verdict = keras.ops.convert_to_numpy(critic(np.ones((2, 4, 16, 16, 3), "float32")))
    assert verdict.dtype == np.float32
    assert np.isfinite(verdict).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_generate_is_finite(policy, tiny_model, tiny_tokenizer, clips):
    model = tiny_model(tokenizer=tiny_tokenizer(dtype=policy), dtype=policy)
    video = model.generate("FP", clips())
    assert np.isfinite(video).all()
    assert video.std() > 0
