"""The same weights and inputs on the three backends, each in a process of its own."""

import os
import subprocess
import sys

import keras
import numpy as np

BACKENDS = ("jax", "tensorflow", "torch")
PAIRS = [("jax", "tensorflow"), ("jax", "torch"), ("tensorflow", "torch")]


def results_of(worker, weights, arrays, folder):
    """What a worker computes on each backend.

    Args:
        worker: a module whose `python -m MODULE INPUTS.npz OUTPUTS.npz` gives the
            weights, `weight_0` and so on, to its models.
        weights: variables, in the worker's order.
        arrays: name -> array, the other inputs.
        folder: for the files.

    Returns:
        backend -> {name: array}.
    """
    for i, variable in enumerate(weights):
        arrays = {**arrays, f"weight_{i}": keras.ops.convert_to_numpy(variable)}
    inputs = folder / "inputs.npz"
    np.savez(inputs, **arrays)
    results = {}
    for backend in BACKENDS:
        outputs = folder / f"{backend}.npz"
        subprocess.run(
            [sys.executable, "-m", worker.__name__, str(inputs), str(outputs)],
            env={**os.environ, "KERAS_BACKEND": backend, "COVERAGE_FILE": ""},
            check=True,
        )
        with np.load(outputs) as file:
            results[backend] = dict(file)
    return results
