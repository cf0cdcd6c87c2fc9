"""TensorFlow: two replicas of MirroredStrategy train as one device does."""

import json

import keras
import pytest

from tests.distribution import subprocesses
from tests.distribution.comparing import assert_same

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="tf.distribute is TensorFlow's"
)


@pytest.fixture(scope="module", params=["1", "2"])
def run(request, tmp_path_factory):
    """`(stage, what the worker saw)`."""
    path = tmp_path_factory.mktemp("replicas") / "seen.json"
    subprocesses.finish(subprocesses.start("tf_replicas_worker", request.param, path))
    return request.param, json.loads(path.read_text())


def test_two_replicas_train_as_one_device(run):
    stage, seen = run
    trained, alone = seen["replicas"], seen["alone"]
    if stage == "2":  # a step's own parts are means of the replicas' means
        trained, alone = {"loss": trained["loss"]}, {"loss": alone["loss"]}
    assert_same(stage, trained, alone)
    for name, value in seen["alone_validation"].items():
        found = seen["replicas_validation"][name]
        assert found == pytest.approx(value, rel=1e-3, abs=1e-6)


def test_replicas_hold_the_same(run):
    """Weights, moving averages, LeCam's averages and the counts of codes."""
    stage, seen = run
    names = {"1": ("average_", "lecam_real", "counts"), "2": ("batches_seen",)}[stage]
    for name in names:
        assert any(name in path for path in seen["copies"])
    for path, (first, second) in seen["copies"].items():
        assert first == second, path


def test_a_batch_without_equal_shares_is_refused(run):
    assert "multiple of the 2 devices" in run[1]["refusal"]
    assert run[1]["refusal"].endswith("Received: a batch of 3 clips")
