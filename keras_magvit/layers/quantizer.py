"""Quantizers: features to ids and back."""

from typing import NamedTuple

import keras
from keras import ops

from keras_magvit import backend, losses


class Quantized(NamedTuple):
    """What a quantizer's call returns.

    Attributes:
        features: float32 `(B, t, h, w, D)`, quantized; gradients pass straight through.
        ids: int32 `(B, t, h, w)`.
        losses: name -> weighted scalar; their sum is the quantizer's loss.
        encoded: float `(B, t, h, w, D)`, what was quantized; a quantizer without a
            codebook may leave it out.

    Example:
        >>> quantized = tokenizer.quantizer(tokenizer.encode_features(clip))
        >>> sorted(quantized.losses)
        ['codebook_loss', 'commitment_loss', 'entropy_loss']
    """

    features: object
    ids: object
    losses: dict
    encoded: object = None


class Quantizer(keras.layers.Layer):
    """The slot for quantizers: subclass it and hand an instance to `VideoTokenizer`.

    A subclass sets `codebook_size` and `embedding_dim` and implements

        nearest(features) -> ids        float (B, t, h, w, D) -> int32 (B, t, h, w)
        lookup(ids) -> features         the inverse, float32
        call(features) -> Quantized     both, with losses and straight-through gradients

    Distances are computed in float32 whatever the dtype policy of the model.

    Example:
        >>> class Mine(km.layers.Quantizer):
        ...     def nearest(self, features):
        ...         return keras.ops.argmax(features, axis=-1)
    """

    def __init__(self, codebook_size, embedding_dim, **kwargs):
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.codebook_size = codebook_size
        self.embedding_dim = embedding_dim

    @property
    def loss_names(self):
        """Names of the losses that `call` returns, known before it is called."""
        return ()

    def nearest(self, features):
        raise NotImplementedError(f"{type(self).__name__} must implement nearest().")

    def lookup(self, ids):
        raise NotImplementedError(f"{type(self).__name__} must implement lookup().")

    def get_config(self):
        config = {
            "codebook_size": self.codebook_size,
            "embedding_dim": self.embedding_dim,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="keras_magvit")
class VectorQuantizer(Quantizer):
    """Nearest row of a learned codebook, by Euclidean distance.

    Args:
        codebook_size: K.
        embedding_dim: D.
        commitment_cost: weight of the commitment loss.
        entropy_weight: weight of the entropy loss; 0 leaves it out.
        entropy_temperature: of its soft assignment.
        entropy_kind: "softmax" or "argmax", see `losses.entropy`.

    Example:
        >>> quantizer = km.layers.VectorQuantizer(codebook_size=16, embedding_dim=8)
        >>> quantized = quantizer(np.zeros((1, 2, 4, 4, 8), "float32"))

    Reference:
        van den Oord et al., arXiv:1711.00937; `models/vqvae.py` of the official code.
    """

    def __init__(
        self,
        codebook_size,
        embedding_dim,
        commitment_cost=0.25,
        entropy_weight=0.1,
        entropy_temperature=0.01,
        entropy_kind="softmax",
        **kwargs,
    ):
        super().__init__(codebook_size, embedding_dim, **kwargs)
        self.commitment_cost = commitment_cost
        self.entropy_weight = entropy_weight
        self.entropy_temperature = entropy_temperature
        self.entropy_kind = entropy_kind

    def build(self, input_shape=None):
        self.codebook = self.add_weight(
            shape=(self.codebook_size, self.embedding_dim),
            initializer=keras.initializers.VarianceScaling(
                1.0, mode="fan_in", distribution="uniform"
            ),
            name="codebook",
        )

    @property
    def loss_names(self):
        entropy = ("entropy_loss",) if self.entropy_weight else ()
        return ("commitment_loss", "codebook_loss", *entropy)

    def distances(self, features):
        """Squared distances to every code: `(..., D)` -> float32 `(n, K)`, a2-2ab+b2."""
        flat = ops.reshape(ops.cast(features, "float32"), (-1, self.embedding_dim))
        codebook = ops.convert_to_tensor(self.codebook)
        a2 = ops.sum(ops.square(flat), axis=1, keepdims=True)
        b2 = ops.sum(ops.square(codebook), axis=1)[None, :]
        return a2 - 2.0 * backend.matmul_float32(flat, ops.transpose(codebook)) + b2

    def nearest(self, features):
        return self._ids(self._closeness(features), features)

    def _closeness(self, features):
        """float32 `(n, K)`: the negative distances without a2, the same for all codes.

        Where features are long, a2 would drown the differences that decide.
        """
        flat = ops.reshape(ops.cast(features, "float32"), (-1, self.embedding_dim))
        codebook = ops.convert_to_tensor(self.codebook)
        b2 = ops.sum(ops.square(codebook), axis=1)[None, :]
        return 2.0 * backend.matmul_float32(flat, ops.transpose(codebook)) - b2

    def _ids(self, closeness, features):
        return ops.reshape(backend.argmax(closeness), ops.shape(features)[:-1])

    def lookup(self, ids):
        return ops.take(ops.convert_to_tensor(self.codebook), ids, axis=0)

    def call(self, features):
        closeness = self._closeness(features)
        ids = self._ids(closeness, features)
        codes = self.lookup(ids)
        terms = {
            "commitment_loss": self.commitment_cost
            * losses.commitment(features, codes),
            "codebook_loss": losses.codebook(features, codes),
        }
        if self.entropy_weight:
            entropy = losses.entropy(
                closeness, self.entropy_kind, self.entropy_temperature
            )
            terms["entropy_loss"] = self.entropy_weight * entropy
        straight_through = features + ops.stop_gradient(codes - features)
        return Quantized(straight_through, ids, terms, features)

    def get_config(self):
        config = {
            "commitment_cost": self.commitment_cost,
            "entropy_weight": self.entropy_weight,
            "entropy_temperature": self.entropy_temperature,
            "entropy_kind": self.entropy_kind,
        }
        return {**super().get_config(), **config}
