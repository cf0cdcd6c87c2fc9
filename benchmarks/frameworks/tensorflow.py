"""TensorFlow."""

import numpy as np
import tensorflow as tf


def wait(values):
    """Returns when `values` are there."""
    for value in tf.nest.flatten(values):
        np.asarray(value)


def device():
    """Name of the device that computes."""
    found = tf.config.list_physical_devices("GPU")
    if not found:
        return "cpu"
    return tf.config.experimental.get_device_details(found[0])["device_name"]


def peak_device_bytes():
    """The most memory of an accelerator that was in use; None on a CPU."""
    if not tf.config.list_physical_devices("GPU"):
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"]


def tensor(array, dtype):
    """An array on the device."""
    return tf.cast(array, dtype)


def products(dtype, a, b):
    """Formulations of a product of two matrices, by name."""
    a, b = tensor(a, dtype), tensor(b, dtype)

    def transposed(a, b):
        return tf.matmul(a, b, transpose_b=True)

    return {
        "plain": _bound(tf.matmul, a, b),
        "transposed": _bound(transposed, a, tf.transpose(b)),
    }


def convolutions(dtype, video, kernel):
    """Formulations of a convolution of `(B, T, H, W, C)`, by name."""
    video, kernel = tensor(video, dtype), tensor(kernel, dtype)
    return {
        "3D": _bound(_whole, video, kernel),
        "2D over shifted frames": _bound(_split, video, kernel),
    }


def _bound(function, *arguments):
    graph = tf.function(function, autograph=False)
    # One number is enough to wait for, and costs no copy of the rest.
    return lambda: tf.reshape(graph(*arguments), [-1])[0].numpy()


def _whole(video, kernel):
    return tf.nn.conv3d(video, kernel, (1,) * 5, "SAME")


def _split(video, kernel):
    length, reach = video.shape[1], kernel.shape[0] // 2
    padded = tf.pad(video, ((0, 0), (reach, reach), (0, 0), (0, 0), (0, 0)))
    flat = (-1, *video.shape[2:])

    def convolved(start):
        frames = tf.reshape(padded[:, start : start + length], flat)
        return tf.nn.conv2d(frames, kernel[start], (1, 1), "SAME")

    return tf.add_n([convolved(start) for start in range(kernel.shape[0])])
