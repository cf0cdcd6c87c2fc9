"""Padding equals numpy's, on every axis and backend."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.ops.padding import pad_video

NUMPY = {"zero": "constant", "edge": "edge", "reflect": "reflect"}


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 4)] * 3),
    pads=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=3
    ),
    mode=st.sampled_from(sorted(NUMPY)),
)
def test_equals_numpy(shape, pads, mode):
    size = np.prod(shape) * 4
    video = np.arange(size, dtype="float32").reshape(2, *shape, 2)
    expected = np.pad(video, ((0, 0), *pads, (0, 0)), NUMPY[mode])
    actual = pad_video(keras.ops.convert_to_tensor(video), pads, mode)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(actual), expected)


def test_unknown_sizes_pad_alike():
    """A symbolic video of unknown size, as in an export with a dynamic size."""
    inputs = keras.Input((None, None, None, 1))
    layer = keras.layers.Lambda(
        lambda x: pad_video(x, ((1, 1),) * 3, "reflect"),
        output_shape=(None, None, None, 1),
    )
    model = keras.Model(inputs, layer(inputs))
    video = np.random.default_rng(0).random((1, 3, 4, 5, 1), "float32")
    expected = np.pad(video, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)), "reflect")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(video)), expected)


def test_unknown_mode_is_named():
    with pytest.raises(ValueError, match="Received: mode='wrap'"):
        pad_video(np.zeros((1, 2, 2, 2, 1)), ((1, 1),) * 3, "wrap")
