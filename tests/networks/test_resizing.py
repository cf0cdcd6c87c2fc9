"""Bilinear grids against PyTorch, and against the definition."""

import keras
import numpy as np
import pytest
import torch
from torch.nn import functional

from keras_magvit.networks.resizing import resize_bilinear

SIZES = [((12, 20), (30, 17)), ((16, 16), (16, 24)), ((5, 1), (9, 4))]


def _frames(size):
    return np.random.default_rng(0).random((2, 3, *size, 3), "float32")


@pytest.mark.parametrize(("size", "target"), SIZES)
@pytest.mark.parametrize("grid", ["half_pixel", "align_corners"])
def test_grids_equal_pytorch(size, target, grid, close):
    frames = _frames(size)
    channels_first = torch.from_numpy(frames).flatten(0, 1).permute(0, 3, 1, 2)
    expected = functional.interpolate(
        channels_first, target, mode="bilinear", align_corners=grid == "align_corners"
    )
    expected = expected.permute(0, 2, 3, 1).unflatten(0, (2, 3))
    resized = resize_bilinear(keras.ops.convert_to_tensor(frames), target, grid)
    close(resized, expected, 1e-5)


@pytest.mark.parametrize(("size", "target"), SIZES)
def test_tf1_grid_equals_its_definition(size, target, close):
    """Sample (i, j) lies at (i H / H', j W / W'), clamped to the last row and column."""
    frames = _frames(size)
    expected = np.zeros((2, 3, *target, 3))
    for i in range(target[0]):
        for j in range(target[1]):
            y, x = i * size[0] / target[0], j * size[1] / target[1]
            top, left = int(y), int(x)
            bottom, right = min(top + 1, size[0] - 1), min(left + 1, size[1] - 1)
            upper = frames[:, :, top, [left, right]]
            lower = frames[:, :, bottom, [left, right]]
            row = upper * (1 - (y - top)) + lower * (y - top)
            expected[:, :, i, j] = row[:, :, 0] * (1 - (x - left)) + row[:, :, 1] * (
                x - left
            )
    resized = resize_bilinear(keras.ops.convert_to_tensor(frames), target, "tf1")
    close(resized, expected, 1e-5)
