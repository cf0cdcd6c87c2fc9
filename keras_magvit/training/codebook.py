"""Two ways to keep a codebook alive, both off in the paper: a start and a restart."""

import keras
import numpy as np
from keras import ops

from keras_magvit import backend

_PRIME = 7919  # a step shifts the draw by it
_PERIOD = 65_536  # steps after which the draws repeat: their product fits into an int32


class CodebookMixin:
    """Starts and restarts the codes of a trainer's tokenizer, as its recipe says."""

    def start_codebook(self, video):
        """Makes the codes centres of the features of clips, before the first step.

        Args:
            video: `(B, T, H, W, 3)`, uint8 or float in [0, 1], with at least as many
                features as there are codes.

        Raises:
            ValueError: if the features are too few.
        """
        features = ops.convert_to_numpy(self.tokenizer.encode_features(video))
        features = features.reshape(-1, features.shape[-1])
        codes = kmeans(features, self.tokenizer.codebook_size, self.seed)
        for variable in self._codebook_and_average():
            variable.assign(codes)

    def _make_code_restart(self):
        recipe, quantizer = self.recipe, self.tokenizer.quantizer
        if recipe.restart_after is None and recipe.codebook_start == "random":
            return None
        if not hasattr(quantizer, "codebook"):
            raise ValueError(
                "`restart_after` and `codebook_start` need a quantizer with a codebook. "
                f"Received: quantizer={type(quantizer).__name__}"
            )
        if recipe.restart_after is None:
            return None
        return CodeRestart(quantizer.codebook_size, recipe.restart_after)

    def _restart_codes(self, aux):
        """Part of a step, after the update."""
        if self.code_restart is None:
            return
        step = ops.cast(ops.convert_to_tensor(self.optimizer.iterations), "int32")
        moved, targets = self.code_restart.update(
            aux["ids"], aux["features"], step, self.seed
        )
        for variable in self._codebook_and_average():
            value = ops.convert_to_tensor(variable)
            variable.assign(ops.where(moved, targets, value))

    def _codebook_and_average(self):
        codebook = self.tokenizer.quantizer.codebook
        paths = [v.path for v in self.tokenizer.trainable_variables]
        return codebook, self.averages[paths.index(codebook.path)]


class CodeRestart(keras.layers.Layer):
    """Moves codes that nobody uses to features of the batch.

    Which feature is a function of the seed, the step and the code, and so the same on
    every backend. Under tf.distribute a code moves to the mean of one feature of each
    replica.

    Args:
        codebook_size: K.
        after: steps without use after which a code moves.
        **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, codebook_size, after, **kwargs):
        super().__init__(**kwargs)
        self.codebook_size = codebook_size
        self.after = after
        self.ages = self.add_weight(
            name="ages",
            shape=(codebook_size,),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True

    def update(self, ids, features, step, seed):
        """Counts the steps without use, and chooses who takes the place of whom.

        Args:
            ids: int32 `(B, t, h, w)` of a batch.
            features: float `(B, t, h, w, D)` that were quantized.
            step: int32 scalar.
            seed: int >= 0.

        Returns:
            `(moved, targets)`: bool `(K, 1)`, True for a code that moves, and float32
            `(K, D)`, where to.
        """
        ids = ops.reshape(ids, (-1,))
        uses = ops.segment_sum(
            ops.ones_like(ids, "float32"), ids, num_segments=self.codebook_size
        )
        unused = backend.sum_over_replicas(uses) == 0
        ages = ops.where(unused, ops.convert_to_tensor(self.ages) + 1, 0)
        moved = ages >= self.after
        self.ages.assign(ops.where(moved, 0, ages))

        features = ops.reshape(features, (-1, features.shape[-1]))
        offsets = ops.convert_to_tensor(_offsets(seed, self.codebook_size))
        rows = (offsets + step % _PERIOD * _PRIME) % ops.shape(features)[0]
        targets = ops.take(ops.cast(features, "float32"), rows, axis=0)
        return moved[:, None], backend.mean_over_replicas(targets)


def _offsets(seed, codebook_size):
    return np.random.default_rng(seed).integers(
        2**20, size=codebook_size, dtype="int32"
    )


def kmeans(features, count, seed=0, iterations=20):
    """Centres of k-means, by Lloyd's rounds from features drawn without return.

    Args:
        features: float `(n, D)`, with at least `count` rows.
        count: number of centres.
        seed: int >= 0.
        iterations: rounds.

    Returns:
        float32 `(count, D)`. A centre that nobody is near takes the place of the
        feature that is farthest from its own.

    Raises:
        ValueError: if there are fewer features than centres.
    """
    features = np.asarray(features, "float64")
    if len(features) < count:
        raise ValueError(
            f"k-means needs at least {count} features, one a code; give it more clips. "
            f"Received: features.shape={features.shape}"
        )
    rng = np.random.default_rng(seed)
    centres = features[rng.permutation(len(features))[:count]]
    squares = (features**2).sum(1)
    for _ in range(iterations):
        distances = (centres**2).sum(1) - 2 * features @ centres.T
        nearest = distances.argmin(1)
        sizes = np.bincount(nearest, minlength=count)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, features)
        centres = sums / np.maximum(sizes, 1)[:, None]
        lonely = np.flatnonzero(sizes == 0)
        farthest = np.argsort(-(squares + distances.min(1)), kind="stable")
        centres[lonely] = features[farthest[: len(lonely)]]
    return centres.astype("float32")
