"""The Fréchet distance against TF-GAN, closed forms and scipy."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.metrics import FeatureStatistics, frechet_distance
from tests.conftest import once

pytestmark = once


@pytest.mark.parametrize("case", ["", "_lowrank"])
def test_equals_tfgan(case, golden, parity):
    data = golden("metrics")
    distance = frechet_distance(data[f"feat1{case}"], data[f"feat2{case}"])
    parity("Fréchet distance", distance, data[f"fid{case}_tfgan"], 1e-4)
    np.testing.assert_allclose(distance, data[f"fid{case}"], rtol=1e-5)


def test_repeats_equal_tfgan(golden):
    """Halves of the features one after another, as the official tool repeats."""
    data = golden("metrics")
    first = np.split(data["feat1"], 2)
    second = np.split(data["feat2"], 2)
    values = [frechet_distance(a, b) for a, b in zip(first, second, strict=True)]
    expected = data["fid_repeats2_mean_std_tfgan"]
    np.testing.assert_allclose([np.mean(values), np.std(values)], expected, rtol=1e-4)


def _with_moments(rng, mean, covariance, count=50):
    """Features that have exactly this mean and unbiased covariance."""
    white = rng.normal(size=(count, len(mean)))
    white -= white.mean(0)
    spread = np.atleast_2d(np.cov(white, rowvar=False))
    white = white @ np.linalg.inv(np.linalg.cholesky(spread)).T
    return white @ np.linalg.cholesky(covariance).T + mean


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=50, deadline=None)
def test_closed_form_for_gaussians(seed, size):
    """Commuting covariances: Σ (m1 - m2)² + (√λ1 - √λ2)²."""
    rng = np.random.default_rng(seed)
    axes = scipy.linalg.qr(rng.normal(size=(size, size)))[0]
    means = rng.normal(size=(2, size))
    spectra = rng.uniform(0.1, 4.0, (2, size))
    real, fake = (
        _with_moments(rng, m, axes @ np.diag(s) @ axes.T)
        for m, s in zip(means, spectra, strict=True)
    )
    roots = np.sqrt(spectra)
    expected = np.sum((means[0] - means[1]) ** 2) + np.sum((roots[0] - roots[1]) ** 2)
    np.testing.assert_allclose(frechet_distance(real, fake), expected, rtol=1e-8)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(2, 12))
@settings(max_examples=50, deadline=None)
def test_any_rank(seed, num_real, num_fake):
    """Symmetric, 0 for equal sets, and equal to the definition, for low ranks too."""
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.1, 10.0, 8)
    real = rng.normal(size=(num_real, 8)) * scale
    fake = rng.normal(size=(num_fake, 8)) * scale + rng.normal()
    distance = frechet_distance(real, fake)
    np.testing.assert_allclose(frechet_distance(fake, real), distance, rtol=1e-10)
    first, second = (np.cov(x, rowvar=False) for x in (real, fake))
    # The eigenvalues of the product: those that are 0 come out as round-off.
    values = np.linalg.eigvals(first @ second).real
    traces = np.trace(first) + np.trace(second)
    shared = np.sqrt(np.maximum(values, 0.0)).sum()
    expected = np.sum((real.mean(0) - fake.mean(0)) ** 2) + traces - 2 * shared
    np.testing.assert_allclose(distance, expected, atol=1e-5 * traces)
    assert 0.0 <= frechet_distance(real, real) <= 1e-10 * traces


def test_streamed_statistics_are_taken_too():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(40, 6)), rng.normal(size=(30, 6)) * 2
    streamed = FeatureStatistics(6).update(real[:7]).update(real[7:])
    assert frechet_distance(streamed, fake) == pytest.approx(
        frechet_distance(real, fake), rel=1e-10
    )


def test_bad_input_is_named():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(10, 4))
    with pytest.raises(ValueError, match="at least 2 samples.*Received: fake with 1"):
        frechet_distance(features, features[:1])
    with pytest.raises(ValueError, match=r"Received: real.shape=\(10,\)"):
        frechet_distance(features[:, 0], features)
    with pytest.raises(ValueError, match="features of one length"):
        frechet_distance(features, features[:, :3])
    with pytest.raises(ValueError, match="must be finite"):
        frechet_distance(features, features * np.inf)
