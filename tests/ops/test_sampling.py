"""Sampling from given noise against the official code and the distributions."""

import keras
import numpy as np
import pytest

from keras_magvit.ops import sampling


def test_equals_official(golden, parity, parity_exact):
    data = golden("decode")
    logits = data["sampling/logits"]
    drawn = sampling.sample(logits, data["sampling/gumbel"], 0.7)
    parity_exact("sampling: temperature", drawn, data["sampling/tokens_T0.7"])
    drawn = sampling.sample(logits, data["sampling/topk5_gumbel"], 0.7, top_k=5)
    parity_exact("sampling: top-k", drawn, data["sampling/topk5_tokens_T0.7"])
    for p in ("0.3", "0.7", "0.95"):
        cut = sampling.top_p_logits(keras.ops.convert_to_tensor(logits), float(p))
        parity("sampling: top-p", cut, data[f"sampling/top_p_{p}"], 1e-6)


def _frequencies(logits, **kwargs):
    many = np.repeat(logits[None], 20_000, axis=0)
    noise = sampling.gumbel(many.shape, seed=keras.random.SeedGenerator(3))
    ids = keras.ops.convert_to_numpy(sampling.sample(many, noise, **kwargs))
    return np.bincount(ids, minlength=len(logits)) / len(ids)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_softmax(temperature):
    logits = np.array([0.3, -1.0, 2.0, 0.0, 1.1], "float32")
    expected = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
    drawn = _frequencies(logits, temperature=temperature)
    np.testing.assert_allclose(drawn, expected, atol=0.015)


@pytest.mark.parametrize("kwargs", [{"top_k": 2}, {"top_p": 0.8}])
def test_filters_keep_the_likeliest_and_their_odds(kwargs):
    logits = np.log(np.array([0.1, 0.5, 0.08, 0.32], "float32"))
    expected = np.array([0, 0.5, 0, 0.32]) / 0.82
    np.testing.assert_allclose(_frequencies(logits, **kwargs), expected, atol=0.015)


def test_zero_temperature_is_greedy():
    logits = np.random.default_rng(0).normal(size=(4, 9)).astype("float32")
    noise = np.random.default_rng(1).gumbel(size=(4, 9)).astype("float32") * 100
    drawn = sampling.sample(logits, noise, temperature=0.0)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(drawn), logits.argmax(-1))


def test_top_p_of_one_keeps_all():
    logits = np.random.default_rng(0).normal(size=(50, 33)).astype("float32")
    kept = sampling.top_p_logits(keras.ops.convert_to_tensor(logits), 1.0)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(kept), logits)


def test_confidence_is_the_log_probability():
    logits = np.random.default_rng(0).normal(size=(2, 3, 7)).astype("float32")
    ids = np.random.default_rng(1).integers(0, 7, (2, 3))
    probs = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = np.log(np.take_along_axis(probs, ids[..., None], -1)[..., 0])
    actual = sampling.confidence(logits, keras.ops.convert_to_tensor(ids))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(actual), expected, atol=1e-5)


def test_gumbel_noise_is_finite_standard_and_seeded():
    noise = keras.ops.convert_to_numpy(sampling.gumbel((200_000,), seed=5))
    assert np.isfinite(noise).all()
    assert noise.mean() == pytest.approx(np.euler_gamma, abs=0.01)
    assert noise.std() == pytest.approx(np.pi / np.sqrt(6), abs=0.01)
    again = keras.ops.convert_to_numpy(sampling.gumbel((200_000,), seed=5))
    np.testing.assert_array_equal(noise, again)


@pytest.mark.parametrize(
    "kwargs", [{"top_k": -1}, {"top_k": 9}, {"top_p": -0.1}, {"top_p": 1.1}]
)
def test_bad_arguments(kwargs):
    with pytest.raises(ValueError, match="Received: top_"):
        sampling.sample(np.zeros((1, 8), "float32"), np.zeros((1, 8)), **kwargs)


def test_confidence_of_unlikely_ids_stays_finite():
    """Deviation: the official log(softmax) is minus infinity for both ids here."""
    logits = np.array([[0.0, -200.0, -300.0]] * 2, "float32")
    ids = keras.ops.convert_to_tensor(np.array([1, 2]))
    actual = keras.ops.convert_to_numpy(sampling.confidence(logits, ids))
    np.testing.assert_allclose(actual, [-200.0, -300.0])


def test_both_filters_apply_together():
    """Deviation: the official code refuses the two at once."""
    logits = np.log(np.array([0.1, 0.5, 0.08, 0.32], "float32"))
    drawn = _frequencies(logits, top_k=3, top_p=0.45)  # top-p alone leaves one id
    np.testing.assert_array_equal(drawn, [0, 1, 0, 0])
