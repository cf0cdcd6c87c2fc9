"""Attention and affine maps by the fast formulations against the plain ones."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_magvit import backend
from keras_magvit.layers import SelfAttention, TransformerBlock
from keras_magvit.layers.dense import Dense, HeadsDense, gelu

TOLERANCES = {"float32": 1e-5, "bfloat16": 2e-2, "float16": 2e-3}


def _draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _reference(query, key, value, causal, kept=1.0):
    scores = np.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(query.shape[-1])
    if causal:
        scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True) * kept
    return np.einsum("bhqk,bkhd->bqhd", weights, value)


@pytest.mark.parametrize("drops", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_attention(dtype, causal, drops, close):
    tensors = [_draw(2, 9, 3, 8, seed=i) for i in range(3)]
    kept = np.where(_draw(9, 9, seed=3) < 1.0, 1.2, 0.0).astype("float32")
    mask = ops.convert_to_tensor(kept) if drops else None
    actual = backend.attention(*(ops.cast(x, dtype) for x in tensors), causal, mask)
    assert keras.backend.standardize_dtype(actual.dtype) == dtype
    tensors = [x.astype("float64") for x in tensors]
    expected = _reference(*tensors, causal, kept if drops else 1.0)
    close(ops.cast(actual, "float32"), expected, TOLERANCES[dtype])


def test_attention_over_long_sequences(close):
    """Without gradients, where a backend may write over what it has computed."""
    tensors = [_draw(1, 1030, 9, 4, seed=i) for i in range(3)]
    call = backend.compile_inference(
        lambda *x: backend.attention(*x, causal=False), keras.layers.Identity()
    )
    actual = call(*(ops.cast(x, "bfloat16") for x in tensors))
    expected = _reference(*(x.astype("float64") for x in tensors), causal=False)
    close(ops.cast(actual, "float32"), expected, TOLERANCES["bfloat16"])


def test_dropout_of_attention_keeps_the_expectation(close):
    attention = SelfAttention(num_heads=2, dropout=0.25, dtype="mixed_bfloat16")
    first, second = (ops.convert_to_numpy(attention._kept(256)) for _ in range(2))
    assert np.abs(first - second).max() > 1
    close(np.unique(first), np.array([0, 4 / 3]), 1e-6)
    assert abs(first.mean() - 1) < 5 * np.sqrt(0.25 / 0.75) / 256


def test_dense_with_gelu(close):
    layer, plain = Dense(6, gelu), keras.layers.Dense(6)
    x = _draw(2, 5, 4)
    for each in (layer, plain):
        each.build(x.shape)
    layer.set_weights([_draw(4, 6), _draw(6)])
    plain.set_weights(layer.get_weights())
    expected = ops.gelu(plain(x), approximate=True)
    close(layer(x), ops.convert_to_numpy(expected), 1e-5)


@pytest.mark.parametrize(
    ("equation", "shape", "axes", "inputs"),
    [
        ("ble,ehd->blhd", (None, 2, 3), "hd", (2, 5, 6)),
        ("blhd,hde->ble", (None, 6), "e", (2, 5, 2, 3)),
    ],
)
def test_heads(equation, shape, axes, inputs, close):
    layers = [
        kind(equation, shape, bias_axes=axes, bias_initializer="normal")
        for kind in (HeadsDense, keras.layers.EinsumDense)
    ]
    x = _draw(*inputs)
    for layer in layers:
        layer.build(x.shape)
    layers[0].set_weights(layers[1].get_weights())
    actual, expected = (layer(x) for layer in layers)
    close(actual, ops.convert_to_numpy(expected), 1e-5)


@pytest.mark.parametrize("rate", [0.0, 0.25])
@pytest.mark.parametrize(
    ("policy", "causal", "tolerance"),
    [
        ("float32", False, 1e-5),
        ("float32", True, 1e-5),
        ("mixed_bfloat16", False, 4e-2),
    ],
)
def test_gradients_are_those_of_the_plain_path(policy, causal, tolerance, rate, close):
    x = _draw(2, 5, 8)

    def gradients():
        keras.utils.set_random_seed(0)  # of the weights, and of what is dropped
        block = TransformerBlock(2, 16, rate, rate, causal, dtype=policy)
        block.build((None, None, 8))

        def loss():
            y = block(ops.cast(x, block.compute_dtype), training=True)
            return ops.sum(ops.square(ops.cast(y, "float32"))[..., 0])

        loss, found = backend.value_and_gradients(loss, block.trainable_variables)
        flat = [ops.reshape(g, (-1,)) for g in found]
        return ops.convert_to_numpy(ops.concatenate([*flat, ops.reshape(loss, (1,))]))

    fast = gradients()
    with backend.plain_path():
        plain = gradients()
    close(fast, plain, tolerance)
