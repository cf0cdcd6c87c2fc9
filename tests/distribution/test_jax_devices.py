"""JAX: four devices train as one does, with data and with weights divided."""

import json

import keras
import pytest

from keras_magvit.training import tokenizer_layout_map, transformer_layout_map
from tests.distribution import subprocesses
from tests.distribution.comparing import assert_same

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "jax", reason="keras.distribution is for JAX"
)


@pytest.fixture(
    scope="module", params=["2", pytest.param("1", marks=pytest.mark.heavy)]
)
def run(request, tmp_path_factory):
    """`(stage, what the worker saw)`."""
    path = tmp_path_factory.mktemp("devices") / "seen.json"
    worker = subprocesses.start("jax_devices_worker", request.param, path, devices=4)
    subprocesses.finish(worker)
    return request.param, json.loads(path.read_text())


@pytest.mark.parametrize("kind", ["data", "model"])
def test_four_devices_train_as_one(run, kind):
    stage, seen = run
    assert_same(stage, seen[kind], seen["alone"])


def test_data_parallel_holds_everything_everywhere(run):
    for whole, part, devices in run[1]["data_shards"].values():
        assert whole == part and devices == 4


def test_model_parallel_divides_the_weights(run):
    """Most of them, by two, as the map says; their moments and averages alike."""
    stage, seen = run
    divided = {p: s for p, s in seen["model_shards"].items() if s[0] != s[1]}
    for whole, part, devices in divided.values():
        assert devices == 4
        assert sorted(w / p for w, p in zip(whole, part, strict=True))[-1] == 2
    key = {"1": "res_1/conv_1/kernel", "2": "block_0/mlp/expand/kernel"}[stage]
    assert sum(path.endswith(key) for path in divided) == {"1": 2, "2": 1}[stage]
    key = key.replace("/", "_")
    for kind in ("momentum", "velocity"):
        assert any(path.endswith(f"{key}_{kind}") for path in divided)
    if stage == "1":
        assert any(path.endswith(f"encoder_{key}") for path in divided)


def test_a_batch_without_equal_shares_is_refused(run):
    assert "multiple of the 4 devices" in run[1]["refusal"]
    assert run[1]["refusal"].endswith("Received: a batch of 6 clips")


@pytest.mark.parametrize("layouts", [tokenizer_layout_map, transformer_layout_map])
def test_a_mesh_without_the_axis_is_refused(layouts):
    mesh = keras.distribution.DeviceMesh((1,), ("batch",), devices=["cpu:0"])
    with pytest.raises(ValueError, match="axis 'model'. Received: axis_names="):
        layouts(mesh)
