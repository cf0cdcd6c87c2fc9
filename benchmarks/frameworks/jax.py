"""JAX."""

import jax
from jax import lax
from jax import numpy as jnp


def wait(values):
    """Returns when `values` are there."""
    jax.block_until_ready(values)


def device():
    """Name of the device that computes."""
    found = jax.devices()[0]
    return "cpu" if found.platform == "cpu" else found.device_kind


def peak_device_bytes():
    """The most memory of an accelerator that was in use; None on a CPU."""
    found = jax.devices()[0]
    if found.platform == "cpu":
        return None
    return found.memory_stats()["peak_bytes_in_use"]


def tensor(array, dtype):
    """An array on the device."""
    return jnp.asarray(array, dtype)


def products(dtype, a, b):
    """Formulations of a product of two matrices, by name."""
    a, b = tensor(a, dtype), tensor(b, dtype)
    return {
        "plain": _bound(jnp.matmul, a, b),
        "transposed": _bound(lambda a, b: a @ b.T, a, b.T.copy()),
    }


def convolutions(dtype, video, kernel):
    """Formulations of a convolution of `(B, T, H, W, C)`, by name."""
    video, kernel = tensor(video, dtype), tensor(kernel, dtype)
    return {
        "3D": _bound(_whole, video, kernel),
        "2D over shifted frames": _bound(_split, video, kernel),
    }


def _bound(function, *arguments):
    run = jax.jit(function)
    return lambda: jax.block_until_ready(run(*arguments))


def _whole(video, kernel):
    layout = ("NDHWC", "DHWIO", "NDHWC")
    return lax.conv_general_dilated(
        video, kernel, (1, 1, 1), "SAME", dimension_numbers=layout
    )


def _split(video, kernel):
    length, reach = video.shape[1], len(kernel) // 2
    padded = jnp.pad(video, ((0, 0), (reach, reach), (0, 0), (0, 0), (0, 0)))

    def convolved(taps, start):
        frames = padded[:, start : start + length]
        flat = frames.reshape(-1, *frames.shape[2:])
        layout = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(
            flat, taps, (1, 1), "SAME", dimension_numbers=layout
        )
        return y.reshape(*frames.shape[:-1], -1)

    return sum(convolved(taps, start) for start, taps in enumerate(kernel))
