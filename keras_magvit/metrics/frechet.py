"""The Fréchet distance between two sets of features."""

import numpy as np

from keras_magvit.metrics.statistics import FeatureStatistics


def frechet_distance(real, fake):
    """Distance between the Gaussians that fit two sets of features.

        |m1 - m2|² + tr(C1) + tr(C2) - 2 tr((C1 C2)^½)

    with unbiased covariances, in float64: TF-GAN's formula. The last trace is taken as
    the sum of the singular values of F1ᵀ F2, where Ci = Fi Fiᵀ. No root of a product is
    taken, so covariances of low rank (fewer samples than features) cost no precision,
    and the distance is symmetric and never negative.

    Args:
        real: `FeatureStatistics` of at least 2 features, or an array of them `(n, D)`.
        fake: the same.

    Returns:
        float.

    Raises:
        ValueError: if a set has fewer than 2 features, or their lengths differ, or a
            feature is not finite.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(50, 4))
        >>> near = km.metrics.frechet_distance(features, features + 1.0)
        >>> round(float(near), 3)
        4.0

    Reference:
        Dowson and Landau, 1982; Heusel et al., arXiv:1706.08500;
        `tfgan.eval.frechet_classifier_distance_from_activations`.
    """
    real, fake = (_as_statistics(x, n) for x, n in ((real, "real"), (fake, "fake")))
    if real.num_features != fake.num_features:
        raise ValueError(
            "Both sets must have features of one length. Received: "
            f"real with {real.num_features}, fake with {fake.num_features}"
        )
    means = np.sum((real.mean - fake.mean) ** 2)
    first, second = real.covariance, fake.covariance
    product = _root(first).T @ _root(second)
    shared = np.linalg.svd(product, compute_uv=False).sum()
    distance = means + np.trace(first) + np.trace(second) - 2.0 * shared
    return max(float(distance), 0.0)


def _root(covariance):
    """F with F Fᵀ = covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _as_statistics(features, name):
    if not isinstance(features, FeatureStatistics):
        features = np.asarray(features)
        if features.ndim != 2 or 0 in features.shape:
            raise ValueError(
                f"`{name}` must be an array of features (n, D). "
                f"Received: {name}.shape={features.shape}"
            )
        features = FeatureStatistics(features.shape[1]).update(features)
    if features.count < 2:
        raise ValueError(
            f"`{name}` needs at least 2 samples: one has no covariance. "
            f"Received: {name} with {features.count}"
        )
    return features
