"""Blocks of the masked transformer: BERT, post-norm."""

import random

import keras
from keras import ops

from keras_magvit import backend
from keras_magvit.layers.dense import Dense, HeadsDense, gelu

EPSILON = 1e-12  # BERT's; layer normalization computes in float32 under every policy


def seeded_dropout(rate, **kwargs):
    """`keras.layers.Dropout` that draws from its own state, which is saved.

    Without a seed it would under PyTorch draw from the framework's generator, and a
    training that is resumed would drop something else.
    """
    seed = random.randint(1, 10**9) if rate else None  # as Keras draws its seeds
    return keras.layers.Dropout(rate, seed=seed, **kwargs)


def bert_initializer():
    """Truncated normal of standard deviation 0.02, a fresh seed each time."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


@keras.saving.register_keras_serializable(package="keras_magvit")
class SelfAttention(keras.layers.Layer):
    """Multi-head self-attention with bias.

    Args:
        num_heads: number of heads; divides the width of the input.
        dropout: rate on the attention weights; as in Flax, the same are dropped in all
            heads of all clips.
        causal: each position sees itself and earlier ones only.

    Call arguments:
        inputs: float `(B, L, E)`.
        training: bool.

    Returns:
        float `(B, L, E)`.

    Example:
        >>> attention = km.layers.SelfAttention(num_heads=2)
        >>> hidden = attention(np.zeros((2, 5, 32), "float32"))  # (2, 5, 32)
    """

    def __init__(self, num_heads, dropout=0.0, causal=False, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.dropout = dropout
        self.causal = causal
        # In float32, or what is kept would be scaled up by a rounded number.
        self.attention_dropout = seeded_dropout(
            dropout, dtype="float32", name="attention_dropout"
        )

    def build(self, input_shape):
        width = input_shape[-1]
        if width % self.num_heads:
            raise ValueError(
                "The hidden size must be a multiple of `num_heads`. "
                f"Received: hidden_dim={width}, num_heads={self.num_heads}"
            )
        head_dim = width // self.num_heads

        def projection(equation, shape, bias_axes, name, input_shape):
            layer = HeadsDense(
                equation,
                shape,
                bias_axes=bias_axes,
                kernel_initializer=bert_initializer(),
                dtype=self.dtype_policy,
                name=name,
            )
            layer.build(input_shape)
            return layer

        heads = (None, self.num_heads, head_dim)
        self.query, self.key, self.value = (
            projection("ble,ehd->blhd", heads, "hd", name, input_shape)
            for name in ("query", "key", "value")
        )
        mixed_shape = (*input_shape[:-1], self.num_heads, head_dim)
        self.output_projection = projection(
            "blhd,hde->ble", (None, width), "e", "output", mixed_shape
        )

    def call(self, inputs, training=False):
        query, key, value = self.query(inputs), self.key(inputs), self.value(inputs)
        kept = self._kept(ops.shape(inputs)[1]) if training and self.dropout else None
        mixed = backend.attention(query, key, value, self.causal, kept)
        return self.output_projection(mixed)

    def _kept(self, length):
        """What dropout leaves of ones, float32 `(L, L)`."""
        return self.attention_dropout(ops.ones((length, length)), training=True)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "causal": self.causal,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="keras_magvit")
class MLP(keras.layers.Layer):
    """Dense, tanh-approximated GELU, Dense.

    Args:
        mlp_dim: width between the two.

    Example:
        >>> km.layers.MLP(64)(np.zeros((2, 5, 32), "float32")).shape  # (2, 5, 32)
    """

    def __init__(self, mlp_dim, **kwargs):
        super().__init__(**kwargs)
        self.mlp_dim = mlp_dim

    def build(self, input_shape):
        def dense(units, name, activation=None):
            return Dense(
                units,
                activation,
                kernel_initializer=bert_initializer(),
                dtype=self.dtype_policy,
                name=name,
            )

        self.expand = dense(self.mlp_dim, "expand", gelu)
        self.contract = dense(input_shape[-1], "contract")
        self.expand.build(input_shape)
        self.contract.build((*input_shape[:-1], self.mlp_dim))

    def call(self, inputs):
        return self.contract(self.expand(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "mlp_dim": self.mlp_dim}


@keras.saving.register_keras_serializable(package="keras_magvit")
class TransformerBlock(keras.layers.Layer):
    """Post-norm block: `x = norm(x + attention(x)); x = norm(x + mlp(x))`.

    Args:
        num_heads, mlp_dim, causal: see `SelfAttention` and `MLP`.
        dropout: rate on both branches.
        attention_dropout: rate on the attention weights.

    Example:
        >>> block = km.layers.TransformerBlock(num_heads=2, mlp_dim=64)
        >>> hidden = block(np.zeros((2, 5, 32), "float32"))  # (2, 5, 32)
    """

    def __init__(
        self,
        num_heads,
        mlp_dim,
        dropout=0.1,
        attention_dropout=0.1,
        causal=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.mlp_dim = mlp_dim
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.causal = causal
        policy = self.dtype_policy
        self.attention = SelfAttention(
            num_heads, attention_dropout, causal, dtype=policy, name="attention"
        )
        self.mlp = MLP(mlp_dim, dtype=policy, name="mlp")
        self.attention_norm = keras.layers.LayerNormalization(
            epsilon=EPSILON, dtype=policy, name="attention_norm"
        )
        self.mlp_norm = keras.layers.LayerNormalization(
            epsilon=EPSILON, dtype=policy, name="mlp_norm"
        )
        self.branch_dropout = seeded_dropout(
            dropout, dtype=policy, name="branch_dropout"
        )

    def build(self, input_shape):
        for layer in (self.attention, self.attention_norm, self.mlp, self.mlp_norm):
            layer.build(input_shape)

    def call(self, inputs, training=False):
        branch = self.attention(inputs, training=training)
        branch = self.branch_dropout(branch, training=training)
        x = self.attention_norm(inputs + branch)
        branch = self.branch_dropout(self.mlp(x), training=training)
        return self.mlp_norm(x + branch)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {
            "num_heads": self.num_heads,
            "mlp_dim": self.mlp_dim,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "causal": self.causal,
        }
        return {**super().get_config(), **config}
