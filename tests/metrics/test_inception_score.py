"""The Inception score against closed forms, and its variants."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.metrics import C3D, InceptionScore, inception_score
from keras_magvit.metrics.inception_score import VARIANTS
from tests.conftest import once

pytestmark = once


class Brightness:
    """Stands for C3D: its class follows the first pixel of a video."""

    name, weights_name, weights_sha256 = "brightness", "the first pixel", "ab" * 32

    def logits(self, video):
        classes = np.rint(video[:, 0, 0, 0, 0] * 100).astype(int)
        return np.where(np.arange(101) == classes[:, None], 60.0, 0.0).astype("float32")


@given(st.integers(1, 20), st.integers(1, 8), st.floats(-1e3, 1e3))
@settings(max_examples=50, deadline=None)
def test_certain_of_k_classes_alike_is_k(classes, copies, shift):
    """And certain of one, or certain of nothing, is 1."""
    logits = np.tile(np.eye(20)[:classes] * 800.0, (copies, 1)) + shift
    mean, std = inception_score(logits)
    assert mean == pytest.approx(classes, rel=1e-9) and std == 0.0
    assert inception_score(np.full((copies, 20), shift))[0] == pytest.approx(1.0)


@given(st.floats(0.01, 0.99))
@settings(max_examples=30, deadline=None)
def test_two_uncertain_classes(p):
    """Two videos of p and 1 - p: ln 2 - H(p)."""
    logits = np.log([[p, 1 - p], [1 - p, p]])
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    expected = np.exp(np.log(2) - entropy)
    assert inception_score(logits)[0] == pytest.approx(expected, rel=1e-9)


def test_splits_are_scored_by_themselves():
    """Consecutive parts of 3, 4 and 3 rows, as the reference cuts them."""
    logits = np.random.default_rng(0).normal(size=(10, 7)) * 3
    parts = [inception_score(part)[0] for part in np.split(logits, [3, 6])]
    mean, std = inception_score(logits, 3)
    assert (mean, std) == pytest.approx((np.mean(parts), np.std(parts)), rel=1e-12)


def test_epsilon_is_added_to_every_share():
    logits = np.random.default_rng(0).normal(size=(10, 7)) * 3
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True) + 0.01
    expected = np.exp((shares * np.log(shares / shares.mean(0))).sum(1).mean())
    assert inception_score(logits, 1, 0.01)[0] == pytest.approx(expected, rel=1e-12)


def _videos(count, classes, seed=0):
    first = np.arange(count) % classes / 100
    return np.broadcast_to(first[:, None, None, None, None], (count, 16, 2, 2, 3))


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_variants(variant):
    rule = VARIANTS[variant]
    score = InceptionScore(Brightness(), variant, batch_size=7)
    result = score(list(np.array_split(_videos(100, 5), 9)))
    assert float(result) == pytest.approx(5.0, rel=1e-6)
    assert (result.num_samples, result.splits) == (100, rule.splits)
    assert f"{variant}: 100 videos in place of {rule.num_samples}" in str(result)
    assert json.loads(json.dumps(result.as_dict()))["variant"] == variant


def test_later_videos_are_left_out():
    score = InceptionScore(Brightness(), "stylegan_v", batch_size=256)
    batches = (_videos(512, 4) if i < 4 else _videos(512, 100) for i in range(10))
    result = score(batches)
    assert result.num_samples == 2048 and "in place of" not in str(result)
    # 204 or 205 videos a split do not divide evenly among the four.
    assert float(result) == pytest.approx(4.0, rel=1e-3)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="Received: variant='other'"):
        InceptionScore(Brightness(), "other")
    with pytest.raises(ValueError, match="has no trained weights"):
        InceptionScore(C3D(filters=2, units=4))
    score = InceptionScore(Brightness())
    with pytest.raises(ValueError, match="clips of 16 frames"):
        score(_videos(8, 2)[:, :15])
    with pytest.raises(ValueError, match="divide 0..255 by 255"):
        score(_videos(8, 2) + 254.0)
    with pytest.raises(ValueError, match="videos is empty"):
        score([])
    with pytest.raises(ValueError, match=r"n at least `splits`.*splits=4"):
        score(_videos(3, 2))
    with pytest.raises(ValueError, match="must be finite"):
        inception_score(np.full((4, 3), np.nan))
