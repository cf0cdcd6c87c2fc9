"""The ceiling: what a backend's own kernels reach, with nothing around them.

The largest matrix product of the network, and its widest convolution (the most channels;
of these the largest grid), in the best formulation of several, in the process that was
measured. The
share of the ceiling is the time that the counted operations would take at these rates
over the time that they took.
"""

import math
import time

from benchmarks import flops, frameworks

_SECONDS = 0.6  # for each kernel, at least
_RUNS = 3


def rate(run, operations, now=time.perf_counter):
    """GFLOP/s of the fastest of several runs, after one that compiles."""
    run()
    taken = []
    while len(taken) < _RUNS or sum(taken) < _SECONDS:
        start = now()
        run()
        taken.append(now() - start)
    return operations / min(taken) / 1e9


def measure(case, layers):
    """Rates for the kinds of operation in `layers`.

    Args:
        case: `Case`, for its backend and dtype.
        layers: of `flops.of`.

    Returns:
        `{"matmul": ..., "conv": ...}`, each kind only if there is work of it: a dict of
        "gflops", "shape", "formulation", and "formulations" by name.
    """
    backend, dtype = case.backend, frameworks.compute_dtype(case.dtype)
    found = {}
    if product := _largest(layers):
        shape = (product.cells, product.inputs, product.outputs)
        runs = frameworks.products(backend, dtype, *shape)
        found["matmul"] = _best(runs, product, shape)
    if conv := widest(layers):
        channels = (conv.inputs, conv.outputs)
        runs = frameworks.convolutions(
            backend, dtype, conv.grid, *channels, conv.kernel
        )
        found["conv"] = _best(runs, conv, (*conv.grid, *channels))
    return found


def _best(runs, layer, shape):
    operations = layer._replace(times=1).flops
    rates = {name: rate(run, operations) for name, run in runs.items()}
    best = max(rates, key=rates.get)
    return {
        "gflops": rates[best],
        "shape": shape,
        "formulation": best,
        "formulations": rates,
    }


def widest(layers):
    """The convolution of the most channels; of these the one with the largest grid."""
    convs = [layer for layer in layers if layer.kind == "conv"]
    if not convs:
        return None

    def width(conv):
        return conv.inputs * conv.outputs * math.prod(conv.kernel)

    return max(convs, key=lambda conv: (width(conv), conv.cells))


def _largest(layers):
    products = [layer for layer in layers if layer.kind == "matmul"]
    return max(products, key=lambda p: p._replace(times=1).flops, default=None)


def share(layers, ceiling, seconds):
    """Seconds at the ceiling over `seconds`."""
    sums = flops.total(layers)
    least = sum(
        operations / ceiling[kind]["gflops"] / 1e9
        for kind, operations in sums.items()
        if operations
    )
    return least / seconds
