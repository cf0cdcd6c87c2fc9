"""The fused norm and activation against numpy and Keras' own layer."""

import keras
import numpy as np
import pytest

from keras_magvit import backend
from keras_magvit.layers import Downsample, GroupNormSwish, Upsample


def _reference(x, gamma, beta, groups):
    grouped = x.astype("float64").reshape(*x.shape[:-1], groups, -1)
    mean = grouped.mean(axis=(1, 2, 3, 5), keepdims=True)
    variance = grouped.var(axis=(1, 2, 3, 5), keepdims=True)
    y = ((grouped - mean) / np.sqrt(variance + 1e-6)).reshape(x.shape)
    y = y * gamma + beta
    return y / (1 + np.exp(-y))


@pytest.mark.parametrize("channels", [32, 64, 96, 8])
def test_equals_numpy(channels, close):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4, 5, channels)).astype("float32") * 3 + 1
    norm = GroupNormSwish()
    norm.build(x.shape)
    gamma, beta = rng.normal(size=(2, channels))
    norm.gamma.assign(gamma)
    norm.beta.assign(beta)
    groups = min(32, channels)
    close(
        norm(keras.ops.convert_to_tensor(x)), _reference(x, gamma, beta, groups), 1e-5
    )


def test_inference_keeps_the_digits_of_long_sums(close):
    """Ids hang on them: a sum of 65,536 numbers one after the other loses two digits."""
    x = np.random.default_rng(0).normal(5.0, 1.0, (1, 16, 64, 64, 8)).astype("float32")
    norm = GroupNormSwish()
    norm.build(x.shape)
    infer = backend.compile_inference(norm, norm)
    expected = _reference(x, np.ones(8), np.zeros(8), 8)
    close(infer(keras.ops.convert_to_tensor(x)), expected, 5e-5)


def test_equals_keras_group_normalization(close):
    x = np.random.default_rng(0).normal(size=(2, 2, 4, 4, 64)).astype("float32")
    ours = GroupNormSwish()
    theirs = keras.layers.GroupNormalization(32, epsilon=1e-6)
    expected = keras.ops.silu(theirs(x))
    close(ours(x), keras.ops.convert_to_numpy(expected), 1e-5)


def test_channels_must_divide_into_groups():
    with pytest.raises(ValueError, match="Received: channels=40"):
        GroupNormSwish().build((None, 1, 1, 1, 40))


@pytest.mark.parametrize("frames", [1, 2])
def test_down_and_upsampling(frames):
    x = np.random.default_rng(0).random((1, frames, 4, 6, 2), "float32")
    down = keras.ops.convert_to_numpy(Downsample((1, 2, 2))(x))
    blocks = x.reshape(1, frames, 2, 2, 3, 2, 2)
    np.testing.assert_allclose(down, blocks.mean(axis=(3, 5)), rtol=1e-6)
    up = keras.ops.convert_to_numpy(Upsample((2, 1, 3))(x))
    expected = x.repeat(2, axis=1).repeat(3, axis=3)
    np.testing.assert_array_equal(up, expected)


@pytest.mark.parametrize("size", [(1, 2, 3), (3, 5, 4), (2, 1, 1)])
def test_blocks_cut_by_the_border_average_what_they_have(size):
    """As the official pooling, which does not count cells beyond the border."""
    x = np.random.default_rng(0).random((2, *size, 3), "float32")
    t, h, w = (-(-n // 2) for n in size)
    expected = np.zeros((2, t, h, w, 3))
    for i, j, k in np.ndindex(t, h, w):
        block = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, 2 * k : 2 * k + 2]
        expected[:, i, j, k] = block.mean(axis=(1, 2, 3))
    actual = keras.ops.convert_to_numpy(Downsample((2, 2, 2))(x))
    np.testing.assert_allclose(actual, expected, rtol=1e-5)
