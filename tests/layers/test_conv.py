"""The convolution with borders: the gradient of its kernel in half precision."""

import numpy as np
import pytest
from keras import ops

from keras_magvit import backend
from keras_magvit.layers import VideoConv


def _kernel_gradient(dtype, video, border, kernel):
    layer = VideoConv(8, (3, 3, 3), border, use_bias=False, dtype=dtype)
    layer.build(video.shape)
    layer.kernel.assign(kernel)
    _, (gradient,) = backend.value_and_gradients(
        lambda: ops.mean(ops.square(ops.cast(layer(video), "float32"))), [layer.kernel]
    )
    return ops.convert_to_numpy(ops.cast(gradient, "float32"))


@pytest.mark.parametrize("border", ["same", "reflect"])
@pytest.mark.parametrize("frames", [1, 2, 3])
def test_bfloat16_gradients_are_those_of_float32(border, frames, close):
    """With two frames and its own zeros, oneDNN returned unwritten memory."""
    rng = np.random.default_rng(frames)
    video = rng.normal(size=(4, frames, 8, 8, 16)).astype("float32")
    kernel = rng.normal(size=(3, 3, 3, 16, 8)).astype("float32") * 0.1
    exact = _kernel_gradient("float32", video, border, kernel)
    for _ in range(3):
        half = _kernel_gradient("mixed_bfloat16", video, border, kernel)
        close(half, exact, 0.02)
