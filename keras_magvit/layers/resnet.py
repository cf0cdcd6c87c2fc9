"""Residual block, down- and upsampling of the tokenizer."""

import keras
from keras import ops

from keras_magvit import backend
from keras_magvit.layers.conv import VideoConv
from keras_magvit.layers.normalization import GroupNormSwish
from keras_magvit.ops.convolution import upsample


@keras.saving.register_keras_serializable(package="keras_magvit")
class ResBlock(keras.layers.Layer):
    """norm, swish, conv, norm, swish, conv; plus the input, projected if widened.

    The sum is float32 under every policy: rounding it once a block is what would
    otherwise set the ids of half precision apart from those of float32.

    Args:
        filters: output channels.
        kernel_size: `(t, h, w)` of both convolutions, which have no bias.
        border: of the convolutions, see `VideoConv`.

    Example:
        >>> features = km.layers.ResBlock(32)(np.zeros((1, 2, 4, 4, 32), "float32"))
    """

    def __init__(self, filters, kernel_size=(3, 3, 3), border="reflect", **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.filters = filters
        self.kernel_size = tuple(kernel_size)
        self.border = border
        self.shortcut = None  # made in `build`, where the width of the input is known
        self.norm_1 = GroupNormSwish(dtype=self.dtype_policy, name="norm_1")
        self.conv_1 = self._conv(self.kernel_size, "conv_1")
        self.norm_2 = GroupNormSwish(dtype=self.dtype_policy, name="norm_2")
        self.conv_2 = self._conv(self.kernel_size, "conv_2")

    def _conv(self, size, name):
        return VideoConv(
            self.filters,
            size,
            self.border,
            use_bias=False,
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, input_shape):
        inner_shape = (*input_shape[:-1], self.filters)
        self.norm_1.build(input_shape)
        self.conv_1.build(input_shape)
        self.norm_2.build(inner_shape)
        self.conv_2.build(inner_shape)
        if input_shape[-1] != self.filters:
            self.shortcut = self._conv((1, 1, 1), "shortcut")
            self.shortcut.build(input_shape)

    def call(self, inputs):
        x = self.conv_1(self.norm_1(inputs))
        x = self.conv_2(self.norm_2(x))
        residual = inputs if self.shortcut is None else self.shortcut(inputs)
        return ops.cast(x, "float32") + ops.cast(residual, "float32")

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        config = {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "border": self.border,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="keras_magvit")
class Downsample(keras.layers.Layer):
    """Average over blocks of `pool_size = (t, h, w)`; cut blocks average what they have.

    Example:
        >>> half = km.layers.Downsample((2, 2, 2))(clip)  # (2, 2, 8, 8, 3)
    """

    def __init__(self, pool_size, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.pool_size = tuple(pool_size)

    def call(self, inputs):
        return backend.average_pool(inputs, self.pool_size)

    def compute_output_shape(self, input_shape):
        batch, *video, channels = input_shape
        pairs = zip(video, self.pool_size, strict=True)
        return (batch, *(v and -(-v // p) for v, p in pairs), channels)

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size}


@keras.saving.register_keras_serializable(package="keras_magvit")
class Upsample(keras.layers.Layer):
    """Nearest-neighbour upsampling by `size = (t, h, w)`.

    Example:
        >>> large = km.layers.Upsample((1, 2, 2))(clip)  # (2, 4, 32, 32, 3)
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def call(self, inputs):
        return upsample(inputs, self.size)

    def compute_output_shape(self, input_shape):
        batch, *video, channels = input_shape
        scaled = [v and v * s for v, s in zip(video, self.size, strict=True)]
        return (batch, *scaled, channels)

    def get_config(self):
        return {**super().get_config(), "size": self.size}
