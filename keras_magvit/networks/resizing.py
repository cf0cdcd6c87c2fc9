"""Bilinear resizing of videos inside a model, on the grids that papers measured with."""

import numpy as np
from keras import ops


def _tf1(size, target):
    """No half-pixel centres: the first sample lies on the first pixel's centre."""
    return np.arange(target) * (size / target)


def _half_pixel(size, target):
    """Pixels are areas: the centres of the outermost samples lie inside the image."""
    return np.maximum((np.arange(target) + 0.5) * (size / target) - 0.5, 0.0)


def _aligned(size, target):
    """The outermost samples lie on the outermost pixels' centres."""
    return np.arange(target) * ((size - 1) / max(target - 1, 1))


# name -> where the samples lie: (size, target) -> float64 (target,), in pixels.
GRIDS = {"tf1": _tf1, "half_pixel": _half_pixel, "align_corners": _aligned}


def resize_bilinear(video, size, grid):
    """Samples frames linearly between their pixels, without antialiasing.

    Args:
        video: float `(..., H, W, C)`.
        size: the new `(H, W)`.
        grid: "tf1" (`tf.compat.v1.image.resize_bilinear`), "half_pixel" (PyTorch's
            `interpolate`, TensorFlow 2) or "align_corners" (Chainer's `resize_images`).

    Returns:
        `(..., *size, C)`.
    """
    for axis, target in zip((-3, -2), size, strict=True):
        if video.shape[axis] != target:
            positions = GRIDS[grid](video.shape[axis], target)
            video = _sample(video, axis, positions)
    return video


def _sample(video, axis, positions):
    last = video.shape[axis] - 1
    low = np.minimum(np.floor(positions).astype("int32"), last)
    high = np.minimum(low + 1, last)
    shape = [1] * len(video.shape)
    shape[axis] = -1
    fraction = ops.convert_to_tensor((positions - low).reshape(shape), "float32")
    first = ops.take(video, low, axis=axis)
    return first + (ops.take(video, high, axis=axis) - first) * fraction
