"""TensorFlow: what Keras does not carry under tf.distribute is refused in words."""

import json

import keras
import pytest

from tests.distribution import subprocesses

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="tf.distribute is TensorFlow's"
)


def test_accumulation_and_several_workers(tmp_path):
    path = tmp_path / "seen.json"
    subprocesses.finish(subprocesses.start("tf_refusals_worker", path))
    seen = json.loads(path.read_text())
    assert seen["accumulation"].endswith(
        "Received: gradient_accumulation_steps=2 for 2 replicas"
    )
    assert "Received: 2 workers of" in seen["workers"]
