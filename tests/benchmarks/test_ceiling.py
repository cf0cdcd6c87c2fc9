"""What a share of the ceiling is."""

import keras
import numpy as np
import pytest

from benchmarks import ceiling, flops, frameworks
from benchmarks.case import Case


def test_widest_convolution_has_the_most_channels_then_the_largest_grid():
    conv = ceiling.widest(flops.of(Case("decode")))
    assert (conv.inputs, conv.outputs, conv.grid) == (256, 256, (1, 4, 32, 32))
    conv = ceiling.widest(flops.of(Case("encode")))
    assert (conv.inputs, conv.outputs, conv.grid) == (256, 256, (1, 4, 16, 16))
    assert ceiling.widest(flops.of(Case("forward"))) is None


def test_share_is_the_least_time_over_the_time():
    layers = [
        flops.Layer("a", "matmul", 10**9, 1, 1, times=3),  # 6 GFLOP
        flops.Layer("b", "attention", 10**9, 1, 1),  # 2
        flops.Layer("c", "conv", 10**9, 1, 1, (1, 1, 1)),  # 2
    ]
    rates = {"matmul": {"gflops": 4.0}, "conv": {"gflops": 1.0}}
    assert ceiling.share(layers, rates, 8.0) == pytest.approx((8 / 4 + 2 / 1) / 8)


def test_rate_is_of_the_fastest_run_after_the_first():
    lengths = iter([0.5, 4.0, 5.0, 2.0])
    now = [0.0]

    def run():
        now[0] += next(lengths)

    assert ceiling.rate(run, 4e9, now=lambda: now[0]) == 2.0


def test_attention_is_no_largest_product():
    found = ceiling._largest(flops.of(Case("forward", batch=1)))
    assert found.name == "block_0/mlp/expand"


def test_formulations_of_a_product_are_equal(monkeypatch, close):
    made = []
    monkeypatch.setattr(
        frameworks.of(keras.config.backend()),
        "_bound",
        lambda function, *arguments: made.append(function(*arguments)),
    )
    frameworks.products(keras.config.backend(), "float32", 3, 5, 4)
    plain, transposed = map(keras.ops.convert_to_numpy, made)
    assert plain.shape == (3, 4)
    close(transposed, plain, 1e-6)


def test_formulations_of_a_convolution_are_equal(monkeypatch, close):
    backend = keras.config.backend()
    module = frameworks.of(backend)
    made = []
    # Instead of timing functions, keep what they compute.
    monkeypatch.setattr(
        module, "_bound", lambda f, *arguments: made.append(f(*arguments))
    )
    shape = (2, 3, 5, 4)
    names = list(frameworks.convolutions(backend, "float32", shape, 6, 7, (3, 3, 3)))
    arrays = dict(zip(names, map(keras.ops.convert_to_numpy, made), strict=True))
    if backend == "torch":
        arrays = {
            name: array.reshape(2, 3, 7, 5, 4).transpose(0, 2, 1, 3, 4)
            if name.startswith("2D")
            else array
            for name, array in arrays.items()
        }
    else:
        arrays = {name: a.reshape(*shape, 7) for name, a in arrays.items()}
    first = arrays.pop("3D")
    assert np.abs(first).max() > 1
    for array in arrays.values():
        close(array, first, 1e-5)
