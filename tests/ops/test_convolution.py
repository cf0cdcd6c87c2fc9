"""Fast formulations of the tokenizer's convolutions against the plain ones."""

import contextlib

import numpy as np
import pytest
from keras import ops

from keras_magvit import backend
from keras_magvit.layers import VideoConv
from keras_magvit.ops.convolution import convolve, convolve_upsampled, upsample

SIZES = [(2, 2, 2), (1, 2, 2)]


def _draw(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _reference(video, kernel, border):
    """Tap by tap, in float64."""
    pads = [(n // 2, n // 2) for n in kernel.shape[:3]]
    mode = "reflect" if border == "reflect" else "constant"
    padded = np.pad(video.astype("float64"), ((0, 0), *pads, (0, 0)), mode)
    frames, height, width = video.shape[1:4]
    total = 0.0
    for t, h, w in np.ndindex(kernel.shape[:3]):
        seen = padded[:, t : t + frames, h : h + height, w : w + width]
        total = total + seen @ kernel[t, h, w].astype("float64")
    return total


@pytest.mark.parametrize("border", ["reflect", "same"])
@pytest.mark.parametrize("taps", [(3, 3, 3), (1, 3, 3), (1, 1, 1)])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_convolution(frames, taps, border, close):
    video, kernel = _draw((2, frames, 6, 4, 3), 0), _draw((*taps, 3, 5), 1)
    actual = convolve(*map(ops.convert_to_tensor, (video, kernel)), border)
    close(actual, _reference(video, kernel, border), 1e-5)


@pytest.mark.parametrize("border", ["reflect", "same"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("path", [contextlib.nullcontext, backend.plain_path])
def test_convolution_of_an_upsampled_video(path, frames, size, border, close):
    video, kernel = _draw((2, frames, 2, 4, 3), 0), _draw((3, 3, 3, 3, 5), 1)
    large = ops.convert_to_numpy(upsample(ops.convert_to_tensor(video), size))
    with path():
        actual = convolve_upsampled(
            *map(ops.convert_to_tensor, (video, kernel)), size, border
        )
    close(actual, _reference(large, kernel, border), 1e-5)


@pytest.mark.parametrize("size", [(1, 1, 1), *SIZES])
def test_gradients_are_those_of_the_plain_path(size, close):
    layer = VideoConv(4, (3, 3, 3), "reflect", name="conv")
    layer.build((None, None, None, None, 3))
    video = ops.convert_to_tensor(_draw((2, 3, 4, 2, 3), 0))

    def gradients(call):
        def loss(x):
            return ops.sum(ops.square(call(x)))

        _, (kernel, _) = backend.value_and_gradients(
            lambda: loss(video), layer.trainable_variables
        )
        return kernel, backend.value_and_input_gradient(loss, video)[1]

    fast = gradients(lambda x: layer(x, upsampled=size))
    with backend.plain_path():
        plain = gradients(lambda x: layer(upsample(x, size)))
    for actual, expected in zip(fast, plain, strict=True):
        close(actual, ops.convert_to_numpy(expected), 1e-5)


def test_sizes_that_have_no_phases_take_the_plain_path(close):
    video, kernel = _draw((1, 2, 2, 2, 3), 0), _draw((3, 3, 3, 3, 2), 1)
    large = ops.convert_to_numpy(upsample(ops.convert_to_tensor(video), (1, 3, 2)))
    actual = convolve_upsampled(
        *map(ops.convert_to_tensor, (video, kernel)), (1, 3, 2), "reflect"
    )
    close(actual, _reference(large, kernel, "reflect"), 1e-5)
