"""JAX: two processes with two devices each train in step, and as one process does."""

import json

import keras
import pytest

from tests.distribution import subprocesses
from tests.distribution.comparing import assert_same

pytestmark = [
    pytest.mark.skipif(
        keras.config.backend() != "jax", reason="keras.distribution is for JAX"
    ),
    pytest.mark.heavy,
]


@pytest.mark.parametrize("stage", ["2", "1"])
def test_two_processes_train_as_one(stage, tmp_path):
    address = subprocesses.free_address()

    def worker(name, index, count, devices):
        path = tmp_path / f"{name}.json"
        arguments = (stage, path, index, count, address)
        process = subprocesses.start(
            "jax_processes_worker", *arguments, devices=devices
        )
        return process, path

    together = [worker(f"process_{i}", i, 2, devices=2) for i in range(2)]
    alone = worker("alone", 0, 1, devices=1)
    subprocesses.finish(*(process for process, _ in (*together, alone)))
    first, second = (json.loads(path.read_text()) for _, path in together)
    expected = json.loads(alone[1].read_text())
    assert (first["devices"], expected["devices"]) == (4, 1)
    assert first == second  # in step, to the last digit
    assert_same(stage, first["logs"], expected["logs"])
    for name, value in expected["validation"].items():
        assert first["validation"][name] == pytest.approx(value, rel=1e-3, abs=1e-6)
    if stage == "2":
        assert first["generated"] == [1, 2, 8, 8, 3]
