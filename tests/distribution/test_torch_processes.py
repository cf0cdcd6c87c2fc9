"""PyTorch: two processes train in step, and as one does."""

import json

import keras
import numpy as np
import pytest

from tests.distribution import subprocesses
from tests.distribution.comparing import TOTALS

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch", reason="torch.distributed is PyTorch's"
)


@pytest.mark.parametrize("stage", ["2", pytest.param("1", marks=pytest.mark.heavy)])
def test_two_processes_train_as_one(stage, tmp_path):
    address = subprocesses.free_address()

    def worker(name, index, count):
        path = tmp_path / f"{name}.json"
        arguments = (stage, path, index, count, address)
        return subprocesses.start("torch_processes_worker", *arguments), path

    started = [worker("first", 0, 2), worker("second", 1, 2), worker("alone", 0, 1)]
    subprocesses.finish(*(process for process, _ in started))
    first, second, alone = (json.loads(path.read_text()) for _, path in started)
    assert first["weights"] == second["weights"]  # in step, to the last digit
    within = {"1": 1e-3, "2": 1e-5}[stage]
    for name in TOTALS[stage]:
        expected = alone["logs"][name]
        shares = [first["logs"][name], second["logs"][name]]
        assert shares[0] != shares[1]  # each logs its own share of the batch
        # A step's log is that of the share, or in stage 2 the mean so far.
        assert np.mean(shares, axis=0) == pytest.approx(expected, rel=within)
        assert len(set(expected)) == 10


def test_distributions_of_keras_are_refused(monkeypatch):
    from tests.distribution import training

    model = training.stage_2()
    monkeypatch.setattr(keras.distribution, "distribution", lambda: "DataParallel")
    with pytest.raises(ValueError, match="under JAX alone.*Received: distribution="):
        training.train(model, 1)
