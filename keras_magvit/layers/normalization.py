"""Group normalization followed by swish, as one layer."""

import keras
from keras import ops

from keras_magvit import backend


@keras.saving.register_keras_serializable(package="keras_magvit")
class GroupNormSwish(keras.layers.Layer):
    """`swish(group_norm(x))`, statistics in float32 over T, H, W and each group.

    One layer, because the pair is memory-bound: the mean and the variance of a group
    follow from the sums of each channel, and all that is left is one multiply-add and the
    activation.

    Args:
        groups: number of groups; a narrower layer gets one group a channel.
        epsilon: added to the variance.

    Example:
        >>> norm = km.layers.GroupNormSwish(groups=4)
        >>> features = norm(np.ones((1, 2, 4, 4, 8), "float32"))
    """

    def __init__(self, groups=32, epsilon=1e-6, **kwargs):
        # The layer casts for itself: sums of float16 overflow.
        super().__init__(autocast=False, **kwargs)
        self.groups = groups
        self.epsilon = epsilon

    def build(self, input_shape):
        channels = input_shape[-1]
        groups = min(self.groups, channels)
        if channels % groups:
            raise ValueError(
                f"The channels must be a multiple of {groups} groups. "
                f"Received: channels={channels}"
            )
        self._group_count = groups
        self.gamma = self.add_weight(
            shape=(channels,), initializer="ones", name="gamma", autocast=False
        )
        self.beta = self.add_weight(
            shape=(channels,), initializer="zeros", name="beta", autocast=False
        )

    def call(self, inputs):
        gamma, beta = (ops.cast(v, "float32") for v in (self.gamma, self.beta))
        return backend.norm_swish(
            inputs, gamma, beta, self._group_count, self.epsilon, self.compute_dtype
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"groups": self.groups, "epsilon": self.epsilon}
        return {**super().get_config(), **config}
