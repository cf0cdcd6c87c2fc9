"""MaskedVideoTransformer: a sequence of ids to logits over the vocabulary."""

import keras
from keras import ops

from keras_magvit.layers.dense import Dense, gelu
from keras_magvit.layers.remat import rematerialized_call
from keras_magvit.layers.transformer import (
    EPSILON,
    TransformerBlock,
    bert_initializer,
    seeded_dropout,
)
from keras_magvit.presets.mixin import PresetMixin


@keras.saving.register_keras_serializable(package="keras_magvit")
class MaskedVideoTransformer(PresetMixin, keras.Model):
    """BERT, post-norm, with the output head tied to the input embedding.

    Args:
        vocabulary_size: V.
        max_length: longest sequence, prompt tokens included.
        num_layers, num_heads, hidden_dim, mlp_dim: size; see `SIZES`.
        dropout: rate on embeddings and on both branches of a block.
        attention_dropout: rate on the attention weights.
        causal: True for the autoregressive rival; the weights are the same.
        **kwargs: of `keras.Model`.

    Attributes:
        remat: whether training keeps no activations inside a block; see `compile`.

    Call arguments:
        inputs: int32 `(B, L)` in `[0, V)`, L at most `max_length`.
        training: bool; dropout.

    Returns:
        float32 `(B, L, V)` logits.

    Example:
        >>> transformer = km.MaskedVideoTransformer(
        ...     64, 18, num_layers=1, num_heads=2, hidden_dim=32, mlp_dim=64
        ... )
        >>> logits = transformer(np.zeros((2, 18), "int32"))  # (2, 18, 64)

    Reference:
        MAGVIT, Appendix A.2; `models/simplified_bert.py` of the official code.
    """

    def __init__(
        self,
        vocabulary_size,
        max_length,
        num_layers=12,
        num_heads=12,
        hidden_dim=768,
        mlp_dim=3072,
        dropout=0.1,
        attention_dropout=0.1,
        causal=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.max_length = max_length
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.causal = causal
        self.remat = False

        policy = self.dtype_policy

        def norm(name):
            return keras.layers.LayerNormalization(
                epsilon=EPSILON, dtype=policy, name=name
            )

        self.token_embedding = keras.layers.ReversibleEmbedding(
            vocabulary_size,
            hidden_dim,
            embeddings_initializer=bert_initializer(),
            dtype=policy,
            name="token_embedding",
        )
        self.position_embedding = keras.layers.Embedding(
            max_length,
            hidden_dim,
            embeddings_initializer=bert_initializer(),
            dtype=policy,
            name="position_embedding",
        )
        self.embedding_norm = norm("embedding_norm")
        self.embedding_dropout = seeded_dropout(
            dropout, dtype=policy, name="embedding_dropout"
        )
        self.blocks = [
            TransformerBlock(
                num_heads,
                mlp_dim,
                dropout,
                attention_dropout,
                causal,
                dtype=policy,
                name=f"block_{i}",
            )
            for i in range(num_layers)
        ]
        self.head_dense = Dense(
            hidden_dim,
            gelu,
            kernel_initializer=bert_initializer(),
            dtype=policy,
            name="head_dense",
        )
        self.head_norm = norm("head_norm")
        self.build((None, None))

    def build(self, input_shape):
        hidden_shape = (*input_shape, self.hidden_dim)
        self.token_embedding.build(input_shape)
        self.position_embedding.build(input_shape)
        self.embedding_norm.build(hidden_shape)
        for block in self.blocks:
            block.build(hidden_shape)
        self.head_dense.build(hidden_shape)
        self.head_norm.build(hidden_shape)
        self.head_bias = self.add_weight(
            shape=(self.vocabulary_size,),
            initializer="zeros",
            name="head_bias",
            autocast=False,
        )
        self.built = True

    def call(self, inputs, training=False):
        return self.head(self.hidden(inputs, training=training))

    def embed(self, ids, training=False):
        """int32 `(B, L)` to the input of the first block, float `(B, L, E)`."""
        length = ids.shape[-1]
        if length is not None and length > self.max_length:
            raise ValueError(
                f"The sequence must have at most {self.max_length} ids. "
                f"Received: inputs.shape={tuple(ids.shape)}"
            )
        positions = ops.arange(ops.shape(ids)[-1], dtype="int32")[None, :]
        x = self.token_embedding(ids) + self.position_embedding(positions)
        return self.embedding_dropout(self.embedding_norm(x), training=training)

    def hidden(self, ids, training=False):
        """int32 `(B, L)` to the output of the last block, float `(B, L, E)`."""
        x = self.embed(ids, training=training)
        for block in self.blocks:
            if self.remat and training:
                x = rematerialized_call(block, x, training=True)
            else:
                x = block(x, training=training)
        return x

    def head(self, hidden):
        """float `(B, L, E)` to float32 logits `(B, L, V)`."""
        x = self.head_norm(self.head_dense(hidden))
        logits = self.token_embedding(x, reverse=True)
        return ops.cast(logits, "float32") + ops.cast(self.head_bias, "float32")

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.vocabulary_size)

    @classmethod
    def from_size(cls, size, vocabulary_size, max_length, **kwargs):
        """The paper's transformers by name.

        Args:
            size: "base" (87M), "large" (306M) or "huge" (634M).
            vocabulary_size: V.
            max_length: longest sequence.
            **kwargs: of the constructor, overriding the table.

        Raises:
            ValueError: on an unknown size.
        """
        if size not in SIZES:
            raise ValueError(
                f"`size` must be one of {sorted(SIZES)}. Received: size={size!r}"
            )
        return cls(vocabulary_size, max_length, **{**SIZES[size], **kwargs})

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "max_length": self.max_length,
            "num_layers": self.num_layers,
            "num_heads": self.num_heads,
            "hidden_dim": self.hidden_dim,
            "mlp_dim": self.mlp_dim,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "causal": self.causal,
        }


# === Sizes: the paper's Appendix A.2 =================================================

SIZES = {
    "base": {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072},
    "large": {"num_layers": 24, "num_heads": 16, "hidden_dim": 1024, "mlp_dim": 4096},
    "huge": {"num_layers": 32, "num_heads": 16, "hidden_dim": 1280, "mlp_dim": 5120},
}
