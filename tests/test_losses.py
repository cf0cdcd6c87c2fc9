"""Losses against the official values and independent formulas in numpy."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import losses


def number(x):
    return float(keras.ops.convert_to_numpy(x))


@pytest.mark.parametrize("kind", ["non-saturating", "hinge"])
def test_adversarial_pair_equals_official(golden, parity, kind):
    data = golden("disc3d")
    real, fake = data["real_logit"], data["fake_logit"]
    loss = losses.discriminator(real, fake, kind)
    parity("adversarial losses", loss, data[f"loss/d_{kind}"])
    parity("adversarial losses", losses.generator(fake, kind), data[f"loss/g_{kind}"])


def test_adversarial_losses_survive_large_logits():
    large = np.array([[1e4], [-1e4]], "float32")
    assert number(losses.discriminator(large, large)) == pytest.approx(1e4)
    assert number(losses.generator(large)) == pytest.approx(5e3)


def test_lecam_equals_official(golden, parity):
    data = golden("disc3d")
    parity("LeCam", losses.lecam(*data["lecam_in"].T), data["lecam_out"])


def test_r1_is_cost_times_mean_of_squared_norms():
    gradient = np.random.default_rng(0).normal(size=(3, 2, 4, 5, 3)).astype("float32")
    expected = 7.0 * np.mean([np.sum(g.astype("float64") ** 2) for g in gradient])
    assert number(losses.r1(gradient, cost=7.0)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["vq3d_same", "vq3d_reflect"])
def test_entropy_equals_official(golden, parity, name):
    data = golden(name)
    affinity = -data["distances_flat"]
    terms = losses.entropy_terms(affinity, temperature=0.01)
    parity("entropy loss", terms[0], data["sample_entropy"])
    parity("entropy loss", terms[1], data["avg_entropy"])
    for kind in ("softmax", "argmax"):
        expected = data[f"entropy_loss_{kind}_t1"]
        parity("entropy loss", losses.entropy(affinity, kind), expected)


@pytest.mark.parametrize("name", ["vq3d_same", "vq3d_reflect"])
def test_quantizer_loss_equals_official(golden, parity, name):
    data = golden(name)
    loss = losses.quantizer(data["features"], data["quantized"], data["distances_flat"])
    parity("quantizer loss", loss, data["quantizer_loss"])


def test_entropy_is_lowest_for_sure_and_even_assignments():
    even = np.eye(8, dtype="float32") * 100
    collapsed = np.zeros((8, 8), "float32")
    collapsed[:, 0] = 100
    assert number(losses.entropy(even)) == pytest.approx(-np.log(8), abs=1e-3)
    assert number(losses.entropy(collapsed)) == pytest.approx(0, abs=1e-3)


def _reference_cross_entropy(logits, targets, smoothing):
    logits = logits.astype("float64")
    shifted = logits - logits.max(-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    size = logits.shape[-1]
    soft = np.full(logits.shape, smoothing / size)
    for index in np.ndindex(targets.shape):
        if 0 <= targets[index] < size:
            soft[(*index, targets[index])] += 1 - smoothing
    return -(soft * log_probs).sum(-1)


@pytest.mark.parametrize("smoothing", [0.0, 1e-4, 0.3])
def test_masked_cross_entropy_equals_numpy(smoothing):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 2, 4, 4, 9)).astype("float32") * 3
    targets = rng.integers(-2, 11, (3, 2, 4, 4))  # prompts lie outside the codebook
    weights = (rng.random((3, 2, 4, 4)) < 0.5).astype("float32")
    weights[1] = 0
    expected = _reference_cross_entropy(logits, targets, smoothing)
    per_example = (expected * weights).sum((1, 2, 3)) / np.maximum(
        weights.sum((1, 2, 3)), 1e-8
    )
    actual = losses.masked_cross_entropy(logits, targets, weights, smoothing)
    assert number(actual) == pytest.approx(per_example.mean(), rel=1e-5)


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="graphs of an unknown batch"
)
def test_losses_are_traced_without_knowing_the_batch():
    import tensorflow as tf

    rng = np.random.default_rng(0)
    gradient = rng.normal(size=(3, 2, 4, 4, 3)).astype("float32")
    logits = rng.normal(size=(3, 5, 9)).astype("float32")
    targets = rng.integers(-2, 11, (3, 5)).astype("int32")
    weights = rng.random((3, 5)).astype("float32")
    calls = (
        (losses.r1, (gradient,)),
        (
            losses.masked_cross_entropy,
            (logits, targets, weights),
        ),
    )
    for loss, arrays in calls:
        specs = [tf.TensorSpec((None, *a.shape[1:]), a.dtype) for a in arrays]
        traced = tf.function(loss, input_signature=specs, autograph=False)
        assert number(traced(*arrays)) == pytest.approx(number(loss(*arrays)), rel=1e-6)


def test_losses_compute_in_float32_from_half_precision():
    logits = keras.ops.cast(np.array([[200.0], [-200.0]]), "float16")
    gradient = keras.ops.cast(np.full((1, 100), 30.0), "float16")
    assert number(losses.r1(gradient)) == pytest.approx(900_000)  # inf in float16
    loss = losses.discriminator(logits, logits)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"


@pytest.mark.parametrize(
    "call",
    [
        lambda: losses.discriminator(np.ones((1, 1)), np.ones((1, 1)), "wgan"),
        lambda: losses.generator(np.ones((1, 1)), "wgan"),
        lambda: losses.entropy(np.ones((2, 2)), "wgan"),
    ],
)
def test_unknown_kind_is_named(call):
    with pytest.raises(ValueError, match="Received: kind='wgan'"):
        call()


def test_every_loss_is_public():
    assert km.losses is losses
