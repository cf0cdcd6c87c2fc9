"""Attention and affine maps by the fast formulations against the plain ones."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_magvit import backend
from keras_magvit.layers import TransformerBlock
from keras_magvit.layers.dense import Dense, HeadsDense, gelu

TOLERANCES = {"float32": 1e-5, "bfloat16": 2e-2, "float16": 2e-3}


def _draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _reference(query, key, value, causal):
    scores = np.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(query.shape[-1])
    if causal:
        scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return np.einsum("bhqk,bkhd->bqhd", weights, value)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_attention(dtype, causal, close):
    tensors = [_draw(2, 9, 3, 8, seed=i) for i in range(3)]
    actual = backend.attention(*(ops.cast(x, dtype) for x in tensors), causal)
    assert keras.backend.standardize_dtype(actual.dtype) == dtype
    expected = _reference(*(x.astype("float64") for x in tensors), causal)
    close(ops.cast(actual, "float32"), expected, TOLERANCES[dtype])


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


@pytest.mark.parametrize("causal", [False, True])
def test_gradients_are_those_of_the_plain_path(causal, close):
    keras.utils.set_random_seed(0)
    block = TransformerBlock(2, 16, 0.0, 0.0, causal)
    block.build((None, None, 8))
    x = ops.convert_to_tensor(_draw(2, 5, 8))

    def gradients():
        loss, found = backend.value_and_gradients(
            lambda: ops.sum(ops.square(block(x))[..., 0]), block.trainable_variables
        )
        flat = [ops.reshape(g, (-1,)) for g in found]
        return ops.convert_to_numpy(ops.concatenate([*flat, ops.reshape(loss, (1,))]))

    fast = gradients()
    with backend.plain_path():
        plain = gradients()
    close(fast, plain, 1e-5)
