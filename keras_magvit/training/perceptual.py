"""The perceptual loss: frames compared by a frozen network."""

from typing import NamedTuple

from keras import ops

from keras_magvit import networks


class PerceptualLoss:
    """Distance between real and reconstructed frames as a frozen network sees them.

    The network is no part of any trained state: this object is neither a Keras layer nor
    tracked by one, and under JAX the weights become constants of the compiled step.

    Args:
        network: `keras.Model` from RGB frames `(N, H, W, 3)` in [0, 1] to one output or
            a list of outputs.
        distance: function of two lists of outputs, and returns `(N,)` or a scalar.

    Example:
        >>> loss = PerceptualLoss(networks.vgg16(weights=None))
        >>> loss(real, fake)  # (B, n, H, W, 3) each -> scalar
    """

    def __init__(self, network, distance=networks.feature_distance):
        network.trainable = False
        self.network = network
        self.distance = distance

    def __call__(self, real, fake):
        """Mean distance of frames; the gradient reaches `fake` alone.

        Args:
            real: float `(B, n, H, W, 3)` or `(N, H, W, 3)` in [0, 1].
            fake: the same shape. Values beyond [0, 1] are not clipped, so that their
                gradient is not lost.

        Returns:
            float32 scalar.
        """
        # Two passes, not one of twice the batch: the real one keeps nothing for a
        # backward pass.
        real = self._outputs(ops.stop_gradient(ops.convert_to_tensor(real)))
        return ops.mean(self.distance(real, self._outputs(fake)))

    def _outputs(self, frames):
        frames = ops.convert_to_tensor(frames, "float32")
        frames = ops.reshape(frames, (-1, *frames.shape[-3:]))
        outputs = self.network(frames, training=False)
        return outputs if isinstance(outputs, (list, tuple)) else [outputs]


def logit_distance(first, second):
    """Mean squared difference of `(N, classes)`, as `(N,)` float32."""
    (first,), (second,) = first, second
    difference = ops.cast(first, "float32") - ops.cast(second, "float32")
    return ops.mean(ops.square(difference), axis=-1)


class _Choice(NamedTuple):
    """A network by name, and how its outputs are compared."""

    network: object  # function (weights, dtype) -> keras.Model
    distance: object  # function () -> distance


def _efficientnet(weights, dtype):
    return networks.efficientnet_lite0(weights, num_stages=5, dtype=dtype)


def _lpips_distance():
    heads = networks.lpips_heads()
    return lambda real, fake: networks.feature_distance(real, fake, heads)


CHOICES = {
    # The released recipe (`perceptual_loss_on_logit`).
    "resnet50_logits": _Choice(
        lambda weights, dtype: networks.resnet50(weights, dtype=dtype),
        lambda: logit_distance,
    ),
    "vgg16_lpips": _Choice(
        lambda weights, dtype: networks.vgg16(weights, dtype), _lpips_distance
    ),
    # Needs no download: the weights come in a pip package.
    "efficientnet_lite0": _Choice(_efficientnet, lambda: networks.feature_distance),
}


def perceptual_loss(name, weights="imagenet", dtype="float32"):
    """A `PerceptualLoss` by the name of its network.

    Args:
        name: "resnet50_logits" (squared difference of logits, the released recipe),
            "vgg16_lpips" (LPIPS), or "efficientnet_lite0" (channel-normalised features of
            its first five stages, as LPIPS without learned weights).
        weights: "imagenet", the path of a file, or None for random ones.
        dtype: dtype or policy of the network; the distance is float32 in any case.

    Raises:
        ValueError: on an unknown name.
        ImportError: if the weights' package is not installed.
        networks.WeightsError: if the weights cannot be had; the text says how.

    Reference:
        MAGVIT, Appendix B.2; Zhang et al. (https://arxiv.org/abs/1801.03924).
    """
    if name not in CHOICES:
        raise ValueError(
            f"`perceptual` must be one of {sorted(CHOICES)}. Received: perceptual={name!r}"
        )
    choice = CHOICES[name]
    return PerceptualLoss(choice.network(weights, dtype), choice.distance())
