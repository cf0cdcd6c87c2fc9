"""Mean and covariance of features, batch by batch, in float64."""

import json
import os
from typing import Any

import numpy as np

from keras_magvit.io import atomic

_KEYS = ("count", "mean", "scatter", "protocol")


class FeatureStatistics:
    """Streaming mean and covariance, mergeable across processes.

    However the features are split into batches and shards, the result is that of all of
    them at once, to round-off.

    Args:
        num_features: D, length of a feature.
        protocol: what the features were made with: name -> number, string or list.
            Statistics of different protocols cannot be merged.

    Attributes:
        count: number of features seen.

    Raises:
        ValueError: if `num_features` is not positive.

    Example:
        >>> statistics = FeatureStatistics(400)
        >>> for features in np.random.default_rng(0).normal(size=(3, 8, 400)):
        ...     statistics.update(features)
        >>> statistics.mean.shape, statistics.covariance.shape
        ((400,), (400, 400))

    Reference:
        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
        sample variances", 1979.
    """

    def __init__(self, num_features, protocol=None):
        if num_features < 1:
            raise ValueError(
                "`num_features` must be positive. "
                f"Received: num_features={num_features}"
            )
        self.num_features = int(num_features)
        self.protocol = dict(protocol or {})
        self.count = 0
        self._mean = np.zeros(self.num_features)
        self._scatter = np.zeros((self.num_features, self.num_features))

    @property
    def mean(self):
        """float64 `(D,)`."""
        self._require(1)
        return self._mean.copy()

    @property
    def covariance(self):
        """Unbiased covariance, float64 `(D, D)`."""
        self._require(2)
        return self._scatter / (self.count - 1)

    def update(self, features):
        """Adds a batch.

        Args:
            features: `(n, D)`, any float; n may be 0.

        Returns:
            self.

        Raises:
            ValueError: on another shape, or NaN or infinity.
        """
        features = np.asarray(features, "float64")
        if features.ndim != 2 or features.shape[1] != self.num_features:
            raise ValueError(
                f"`features` must have the shape (n, {self.num_features}). "
                f"Received: features.shape={features.shape}"
            )
        if not np.isfinite(features).all():
            raise ValueError(
                "`features` must be finite. Received: features with NaN or infinity"
            )
        if len(features):
            mean = features.mean(axis=0)
            centred = features - mean
            self._add(len(features), mean, centred.T @ centred)
        return self

    def merge(self, other):
        """Adds what another instance has seen; `other` stays as it is.

        Returns:
            self.

        Raises:
            ValueError: if the two have another length or protocol.
        """
        if other.num_features != self.num_features or other.protocol != self.protocol:
            raise ValueError(
                "Only statistics of the same features can be merged: "
                f"{self._described()}. Received: other={other._described()}"
            )
        self._add(other.count, other._mean, other._scatter)
        return self

    def _add(self, count, mean, scatter):
        total = self.count + count
        if not count:
            return
        shift = mean - self._mean
        self._scatter += scatter + np.outer(shift, shift) * (self.count * count / total)
        self._mean += shift * (count / total)
        self.count = total

    def save(self, path):
        """Writes an `.npz`, whole or not at all; replaces a file that exists."""
        # A string array would be written by its length, so JSON travels as bytes.
        protocol = np.frombuffer(json.dumps(self.protocol).encode(), np.uint8)
        values = (self.count, self._mean, self._scatter, protocol)
        arrays: dict[str, Any] = dict(zip(_KEYS, values, strict=True))

        def write(temporary):
            with open(temporary, "wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())

        atomic.write_file(os.fspath(path), write, overwrite=True)

    @classmethod
    def load(cls, path):
        """Reads what `save` wrote.

        Raises:
            ValueError: if the file is damaged or holds something else.
            OSError: if it cannot be opened.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                count, mean, scatter, protocol = (file[key] for key in _KEYS)
            loaded = cls(len(mean), json.loads(protocol.tobytes()))
            loaded.count = int(count)
            loaded._mean[:], loaded._scatter[:] = mean, scatter
            if loaded.count < 0 or not np.isfinite([mean.sum(), scatter.sum()]).all():
                raise ValueError("its numbers are impossible")
        except OSError:
            raise
        except Exception as error:  # a damaged archive ends in nearly any exception
            raise ValueError(
                f"The file holds no statistics of features ({error}). "
                f"Received: path={str(path)!r}"
            ) from error
        return loaded

    def _require(self, count):
        if self.count < count:
            raise ValueError(
                f"At least {count} feature{'s are' if count > 1 else ' is'} needed. "
                f"Received: count={self.count}"
            )

    def _described(self):
        return f"{self.num_features} features, protocol {self.protocol}"

    def __repr__(self):
        return f"FeatureStatistics(count={self.count}, {self._described()})"
