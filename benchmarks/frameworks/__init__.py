"""What differs between the frameworks: waiting, devices, and their fastest kernels.

A module a framework, with the same functions; `of` imports it when it is needed. The
kernels are the ceiling that a model's speed is compared with: a function without
arguments computes one product or convolution, and waits for it.
"""

import importlib

import numpy as np

_MODULES = {"plain-jax": "jax"}
_HALF = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}


def of(backend):
    """The module of a backend."""
    return importlib.import_module(f"{__name__}.{_MODULES.get(backend, backend)}")


def compute_dtype(policy):
    """The dtype in which a Keras policy multiplies."""
    return _HALF.get(policy, policy)


def products(backend, dtype, rows, inputs, outputs):
    """Formulations of `(rows, inputs) @ (inputs, outputs)`, by name."""
    a, b = _random(rows, inputs), _random(inputs, outputs)
    return of(backend).products(dtype, a, b)


def convolutions(backend, dtype, grid, inputs, outputs, kernel):
    """Formulations of one zero-padded convolution, by name.

    Args:
        backend: one of `case.BACKENDS`.
        dtype: of both operands.
        grid: `(B, T, H, W)`.
        inputs, outputs: channels.
        kernel: `(t, h, w)`.
    """
    video, weights = _random(*grid, inputs), _random(*kernel, inputs, outputs)
    return of(backend).convolutions(dtype, video, weights)


def peak_device_gib(backend):
    """The most memory of an accelerator that was in use, in GiB; None on a CPU."""
    peak = of(backend).peak_device_bytes()
    return None if peak is None else peak / 2**30


def _random(*shape):
    return np.random.default_rng(0).standard_normal(shape, "float32")
