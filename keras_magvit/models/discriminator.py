"""VideoDiscriminator: StyleGAN's residual discriminator, inflated to 3D."""

import math

import keras
from keras import ops

from keras_magvit.layers import Downsample, VideoConv
from keras_magvit.presets.mixin import PresetMixin

SLOPE = 0.2  # of the leaky ReLU


def _conv(filters, kernel, name, dtype, use_bias=True):
    return VideoConv(
        filters,
        (kernel,) * 3,
        border="same",
        kernel_initializer="glorot_uniform",
        use_bias=use_bias,
        dtype=dtype,
        name=name,
    )


@keras.saving.register_keras_serializable(package="keras_magvit")
class DiscriminatorBlock(keras.layers.Layer):
    """Halves T, H and W: `(shortcut(pool(x)) + conv(pool(conv(x)))) / sqrt(2)`.

    Args:
        filters: output channels.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.pool = Downsample((2, 2, 2), dtype=self.dtype_policy, name="pool")

    def build(self, input_shape):
        width, policy = input_shape[-1], self.dtype_policy
        self.conv_1 = _conv(width, 3, "conv_1", policy)
        self.shortcut = _conv(self.filters, 1, "shortcut", policy, use_bias=False)
        self.conv_2 = _conv(self.filters, 3, "conv_2", policy)
        for layer in (self.pool, self.conv_1, self.shortcut, self.conv_2):
            layer.build(input_shape)

    def call(self, inputs):
        x = self.pool(ops.leaky_relu(self.conv_1(inputs), SLOPE))
        x = ops.leaky_relu(self.conv_2(x), SLOPE)
        return (self.shortcut(self.pool(inputs)) + x) / math.sqrt(2)

    def compute_output_shape(self, input_shape):
        batch, *video, _ = input_shape
        return (batch, *(v and math.ceil(v / 2) for v in video), self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable(package="keras_magvit")
class VideoDiscriminator(PresetMixin, keras.Model):
    """Tells real clips from reconstructions.

    No normalization, so that R1 sees every example by itself.

    Args:
        filters: F, channels of the first convolution.
        channel_multipliers: block i has `filters * channel_multipliers[i]` channels
            and halves T, H and W.
        video_shape: `(T, H, W)` of the clips; the first dense layer depends on it.
        head_size: inputs of the first dense layer; None computes it from
            `video_shape`. A converted checkpoint knows it alone.
        **kwargs: of `keras.Model`.

    Call arguments:
        inputs: float `(B, T, H, W, 3)`, any range.

    Returns:
        float32 `(B, 1)` logits, high for real.

    Example:
        >>> discriminator = km.VideoDiscriminator(8, (2, 2), video_shape=(4, 16, 16))
        >>> logits = discriminator(clip)  # (2, 1)

    Reference:
        MAGVIT, section 3.1; `models/stylegan_discriminator_3d.py`.
    """

    def __init__(
        self,
        filters=64,
        channel_multipliers=(2, 4, 4, 4, 4),
        video_shape=(16, 128, 128),
        head_size=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.channel_multipliers = tuple(channel_multipliers)
        self.video_shape = None if head_size else tuple(video_shape)
        policy = self.dtype_policy
        width = filters * self.channel_multipliers[-1]
        self.stem = _conv(filters, 3, "stem", policy)
        self.blocks = [
            DiscriminatorBlock(filters * multiplier, dtype=policy, name=f"block_{i}")
            for i, multiplier in enumerate(self.channel_multipliers)
        ]
        self.final_conv = _conv(width, 3, "final_conv", policy)
        self.hidden = keras.layers.Dense(width, dtype=policy, name="hidden")
        # Logits enter differences of large numbers: float32 under every policy.
        self.logits = keras.layers.Dense(1, dtype="float32", name="logits")
        self.head_size = head_size or self._flat_size()
        self.build((None, None, None, None, 3))

    def _flat_size(self):
        halvings = 2 ** len(self.channel_multipliers)
        cells = math.prod(math.ceil(size / halvings) for size in self.video_shape)
        return cells * self.filters * self.channel_multipliers[-1]

    def build(self, input_shape):
        for layer in (self.stem, *self.blocks, self.final_conv):
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        self.hidden.build((None, self.head_size))
        self.logits.build((None, self.hidden.units))
        self.built = True

    def call(self, inputs):
        x = ops.leaky_relu(self.stem(inputs), SLOPE)
        for block in self.blocks:
            x = block(x)
        x = ops.leaky_relu(self.final_conv(x), SLOPE)
        x = self._flatten(x, inputs)
        x = ops.leaky_relu(self.hidden(x), SLOPE)
        return self.logits(x)

    def _flatten(self, x, inputs):
        flat = math.prod(x.shape[1:])
        if flat != self.head_size:
            raise ValueError(
                "The clip's size must be the one the discriminator was made for: "
                f"{self.video_shape or f'{self.head_size} inputs of the head'}. "
                f"Received: inputs.shape={tuple(inputs.shape)}"
            )
        return ops.reshape(x, (-1, flat))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)

    @classmethod
    def from_size(cls, size, *, video_shape=(16, 128, 128), **kwargs):
        """The paper's discriminators: "base" or "large", at 128 pixels or below."""
        if size not in SIZES:
            raise ValueError(
                f"`size` must be one of {sorted(SIZES)}. Received: size={size!r}"
            )
        levels = (2, 4, 4, 4, 4) if min(video_shape[1:]) >= 128 else (2, 4, 4, 4)
        config = {"channel_multipliers": levels, "video_shape": video_shape, **kwargs}
        return cls(**{**SIZES[size], **config})

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "channel_multipliers": self.channel_multipliers,
            "video_shape": self.video_shape,
            "head_size": None if self.video_shape else self.head_size,
        }


SIZES = {"base": {"filters": 64}, "large": {"filters": 128}}
