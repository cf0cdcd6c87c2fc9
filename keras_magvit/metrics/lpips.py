"""Perceptual distance of videos, frame by frame: LPIPS, and a stand-in for it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_magvit import backend, networks
from keras_magvit.metrics.image_quality import paired_frames


class _Backbone(NamedTuple):
    """A network of features.

    Attributes:
        name: what the distance is called in reports.
        build: function `(weights, dtype)` to a `keras.Model`.
        has_heads: whether learned weights of the channels exist.
    """

    name: str
    build: Callable
    has_heads: bool


BACKBONES = {
    "vgg16": _Backbone("lpips_vgg16", networks.vgg16, True),
    # Not LPIPS, and named so: other features, and no weights learned from judgements.
    "efficientnet_lite0": _Backbone(
        "feature_distance_efficientnet_lite0",
        lambda weights, dtype: networks.efficientnet_lite0(
            weights, num_stages=5, dtype=dtype
        ),
        False,
    ),
}


class LPIPS:
    """Learned perceptual distance of frames, averaged over the frames of a video.

    Args:
        network: "vgg16", the LPIPS of the paper, whose weights are torchvision's; or
            "efficientnet_lite0", a distance of the same form whose weights come by pip.
            The two are different metrics, and `name` tells them apart.
        weights: of the network: "imagenet", the path of a file, or None for random ones;
            see `networks.vgg16` and `networks.efficientnet_lite0`.
        heads: path of LPIPS' weights of channels, `weights/v0.1/vgg.pth`; None takes them
            from the pip package lpips.
        dtype: dtype or policy of the network; the distance is float32 in any case.
        batch_size: frames at a time.

    Attributes:
        name: "lpips_vgg16" or "feature_distance_efficientnet_lite0".

    Raises:
        ValueError: on an unknown network, or heads for one that has none.
        ImportError: if weights lie in a pip package that is not installed.
        networks.WeightsError: if the weights cannot be had; the text says how.

    Example:
        >>> lpips = LPIPS()
        >>> lpips(real, fake)       # (B, T, H, W, 3) each -> (B,), lower is nearer

    Reference:
        Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual
        Metric (https://arxiv.org/abs/1801.03924), version 0.1.
    """

    def __init__(
        self,
        network="vgg16",
        weights="imagenet",
        heads=None,
        dtype="float32",
        batch_size=16,
    ):
        if network not in BACKBONES:
            raise ValueError(
                f"`network` must be one of {sorted(BACKBONES)}. "
                f"Received: network={network!r}"
            )
        backbone = BACKBONES[network]
        if heads is not None and not backbone.has_heads:
            raise ValueError(
                f"There are no heads for {network}. Received: heads={heads!r}"
            )
        self.name = backbone.name
        self.batch_size = int(batch_size)
        self.heads = networks.lpips_heads(heads) if backbone.has_heads else None
        self.network = backbone.build(weights, dtype)
        self._distance = backend.compile_inference(self._distance_of, self.network)

    def __call__(self, real, fake):
        """Distance of every video.

        Args:
            real: `(B, T, H, W, 3)`, uint8 or float in [0, 1], H and W at least 16; or
                frames `(N, H, W, 3)`.
            fake: the same shape.

        Returns:
            float32 `(B,)`, or `(N,)`, at least 0.

        Raises:
            ValueError: on different shapes, another rank, NaN, or values out of range.
        """
        real, fake, per_video = paired_frames(real, fake)
        if min(real.shape[1:3]) < 16:
            raise ValueError(
                "The network needs frames of at least 16 x 16. "
                f"Received: frames of {real.shape[1]} x {real.shape[2]}"
            )
        real, fake = ops.convert_to_numpy(real), ops.convert_to_numpy(fake)
        scores = [
            self._distances(
                real[i : i + self.batch_size], fake[i : i + self.batch_size]
            )
            for i in range(0, len(real), self.batch_size)
        ]
        return per_video(ops.convert_to_tensor(np.concatenate(scores)))

    def _distances(self, real, fake):
        # A last batch that is smaller is filled up: a new shape would be compiled.
        count, fill = len(real), ((0, self.batch_size - len(real)), *3 * [(0, 0)])
        real, fake = (np.pad(x, fill, mode="edge") for x in (real, fake))
        return ops.convert_to_numpy(self._distance(real, fake))[:count]

    def _distance_of(self, real, fake):
        real, fake = (self.network(x, training=False) for x in (real, fake))
        return networks.feature_distance(real, fake, self.heads)
