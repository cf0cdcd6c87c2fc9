"""Encoder and decoder of the tokenizer: straight chains of layers.

With F filters and multipliers m_0 ... m_n, the encoder reads

    conv F | res F*m_0 ... down | ... | res F*m_n ... | res F*m_n ... | norm, conv D

and the decoder mirrors it. A level halves H and W, and T where `temporal_downsample`
says so. Only the encoder's last convolution, the decoder's first and last one and those
after an upsampling have a bias.

Reference: `models/enc_dec_3dcnn.py` of the official code.
"""

import keras

from keras_magvit.layers.conv import VideoConv
from keras_magvit.layers.normalization import GroupNormSwish
from keras_magvit.layers.remat import rematerialized_call
from keras_magvit.layers.resnet import Downsample, ResBlock, Upsample


class _Chain(keras.layers.Layer):
    """Layers applied in order; each casts its input for itself.

    Attributes:
        remat: whether no activations inside a residual block are kept for the gradient.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.remat = False

    def build(self, input_shape):
        for layer in self.chain:
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs):
        upsampled = None
        for layer in self.chain:
            if isinstance(layer, Upsample):
                upsampled = layer.size  # left to the convolution that follows
            elif upsampled:
                inputs, upsampled = layer(inputs, upsampled=upsampled), None
            elif self.remat and isinstance(layer, ResBlock):
                inputs = rematerialized_call(layer, inputs)
            else:
                inputs = layer(inputs)
        return inputs

    def compute_output_shape(self, input_shape):
        for layer in self.chain:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape


class _Parts:
    """The parts both chains are made of, with names that number them in order."""

    def __init__(self, temporal_kernel, border, dtype):
        self.kernel = (temporal_kernel, 3, 3)
        self.border = border
        self.dtype = dtype
        self._counts = {}

    def _common(self, kind):
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        return {"name": f"{kind}_{number}", "dtype": self.dtype}

    def conv(self, filters, **kwargs):
        common = {**self._common("conv"), **kwargs}
        return VideoConv(filters, self.kernel, self.border, **common)

    def res_blocks(self, filters, count):
        return [
            ResBlock(filters, self.kernel, self.border, **self._common("res"))
            for _ in range(count)
        ]

    def norm(self):
        return GroupNormSwish(**self._common("norm"))

    def features(self, embedding_dim):
        """What ends an encoder, in float32 under every policy."""
        conv = VideoConv(
            embedding_dim, (1, 1, 1), self.border, dtype="float32", name="features"
        )
        return [GroupNormSwish(dtype="float32", name="features_norm"), conv]

    def down(self, halves_time):
        return Downsample((1 + halves_time, 2, 2), **self._common("down"))

    def up(self, doubles_time):
        return Upsample((1 + doubles_time, 2, 2), **self._common("up"))


@keras.saving.register_keras_serializable(package="keras_magvit")
class Encoder(_Chain):
    """Video to features.

    Args:
        filters: F.
        channel_multipliers: m_0 ... m_n.
        temporal_downsample: n booleans, from pixels to latent.
        embedding_dim: D, channels of the features.
        num_res_blocks: residual blocks a level.
        temporal_kernel: 3, or 1 for frame by frame.
        border: see `VideoConv`.

    Call arguments:
        inputs: float `(B, T, H, W, 3)`.

    Returns:
        float32 `(B, t, h, w, D)`: the last norm and convolution compute in float32,
        because the nearest code hangs on their last digits.

    Example:
        >>> encoder = km.layers.Encoder(32, (1, 1), (True,), 8, num_res_blocks=1)
        >>> features = encoder(clip)  # (2, 2, 8, 8, 8)
    """

    def __init__(
        self,
        filters,
        channel_multipliers,
        temporal_downsample,
        embedding_dim,
        num_res_blocks=2,
        temporal_kernel=3,
        border="reflect",
        **kwargs,
    ):
        super().__init__(**kwargs)
        parts = _Parts(temporal_kernel, border, self.dtype_policy)
        # The first convolution sees the brightness of the clip, a constant that would
        # take most of the digits of a half-precision float.
        chain = [parts.conv(filters, use_bias=False, dtype="float32")]
        for level, multiplier in enumerate(channel_multipliers):
            chain += parts.res_blocks(filters * multiplier, num_res_blocks)
            if level < len(channel_multipliers) - 1:
                chain.append(parts.down(temporal_downsample[level]))
        chain += parts.res_blocks(filters * channel_multipliers[-1], num_res_blocks)
        chain += parts.features(embedding_dim)
        self.chain = chain


@keras.saving.register_keras_serializable(package="keras_magvit")
class Decoder(_Chain):
    """Features to video; arguments as in `Encoder`.

    Call arguments:
        inputs: float `(B, t, h, w, D)`.

    Returns:
        float `(B, T, H, W, 3)`, linear: values may leave [0, 1].

    Example:
        >>> decoder = km.layers.Decoder(32, (1, 1), (True,), num_res_blocks=1)
        >>> video = decoder(np.zeros((1, 2, 4, 4, 8), "float32"))  # (1, 4, 8, 8, 3)
    """

    def __init__(
        self,
        filters,
        channel_multipliers,
        temporal_downsample,
        num_res_blocks=2,
        temporal_kernel=3,
        border="reflect",
        **kwargs,
    ):
        super().__init__(**kwargs)
        parts = _Parts(temporal_kernel, border, self.dtype_policy)
        widest = filters * channel_multipliers[-1]
        chain = [parts.conv(widest), *parts.res_blocks(widest, num_res_blocks)]
        for level in reversed(range(len(channel_multipliers))):
            width = filters * channel_multipliers[level]
            chain += parts.res_blocks(width, num_res_blocks)
            if level > 0:
                chain += [parts.up(temporal_downsample[level - 1]), parts.conv(width)]
        chain += [parts.norm(), parts.conv(3)]
        self.chain = chain
