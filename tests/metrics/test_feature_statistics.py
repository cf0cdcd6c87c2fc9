"""Streaming and merged statistics equal those of all features at once."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.metrics import FeatureStatistics
from tests.conftest import once

pytestmark = once
NUM_FEATURES = 5


@st.composite
def split_features(draw):
    """Features with a large mean, and the places where they are cut."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(2, 60))
    offset = draw(st.sampled_from([0.0, 1.0, -1e3]))
    features = rng.normal(size=(count, NUM_FEATURES)) + offset
    cuts = sorted(draw(st.lists(st.integers(0, count), max_size=6)))
    return features, cuts


def _assert_equal(statistics, features):
    assert statistics.count == len(features)
    expected = np.cov(features, rowvar=False)
    np.testing.assert_allclose(statistics.mean, features.mean(0), rtol=1e-6, atol=1e-12)
    error = np.abs(statistics.covariance - expected).max()
    assert error <= 1e-6 * np.abs(expected).max()


@given(split_features())
@settings(max_examples=100, deadline=None)
def test_any_split_into_batches(case):
    features, cuts = case
    statistics = FeatureStatistics(NUM_FEATURES)
    for batch in np.split(features, cuts):
        statistics.update(batch)
    _assert_equal(statistics, features)


@given(split_features(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_any_split_into_shards(case, order):
    """As they come from other processes, in any order, some of which saw nothing."""
    features, cuts = case
    shards = [
        pickle.loads(pickle.dumps(FeatureStatistics(NUM_FEATURES).update(part)))
        for part in np.split(features, cuts)
    ]
    order.shuffle(shards)
    total = shards[0]
    for shard in shards[1:]:
        total.merge(shard)
    _assert_equal(total, features)


def test_saved_statistics_go_on(tmp_path):
    features = np.random.default_rng(0).normal(size=(30, NUM_FEATURES))
    protocol = {"weights": "ü", "num_frames": 16}
    first = FeatureStatistics(NUM_FEATURES, protocol).update(features[:12])
    first.save(tmp_path / "half.npz")
    loaded = FeatureStatistics.load(tmp_path / "half.npz")
    assert loaded.protocol == protocol
    _assert_equal(loaded.update(features[12:]), features)
    assert [p.name for p in tmp_path.iterdir()] == ["half.npz"]


def test_bad_input_is_named(tmp_path):
    statistics = FeatureStatistics(NUM_FEATURES)
    with pytest.raises(ValueError, match=r"Received: features.shape=\(3, 4\)"):
        statistics.update(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="must be finite"):
        statistics.update(np.full((2, NUM_FEATURES), np.nan))
    with pytest.raises(ValueError, match="At least 1 feature is needed"):
        statistics.mean  # noqa: B018
    statistics.update(np.zeros((1, NUM_FEATURES)))
    with pytest.raises(ValueError, match="At least 2 features are needed"):
        statistics.covariance  # noqa: B018
    with pytest.raises(ValueError, match="must be positive"):
        FeatureStatistics(0)
    other = FeatureStatistics(NUM_FEATURES, {"weights": "other"})
    with pytest.raises(ValueError, match="Only statistics of the same features"):
        statistics.merge(other)
    path = tmp_path / "wrong.npz"
    np.savez(path, mean=np.zeros(3))
    with pytest.raises(ValueError, match="holds no statistics"):
        FeatureStatistics.load(path)
    np.savez(path, count=np.array([None]), mean=0, scatter=0, protocol=0)
    with pytest.raises(ValueError, match="holds no statistics"):
        FeatureStatistics.load(path)
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match="holds no statistics"):
        FeatureStatistics.load(path)
    assert statistics.count == 1
