"""How far two frames are apart in the features of a network: LPIPS.

    d = sum over stages of mean over places of sum over channels w (a/|a| - b/|b|)^2

Reference: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual
Metric (https://arxiv.org/abs/1801.03924).
"""

from keras import ops

from keras_magvit.networks.packages import package_file
from keras_magvit.networks.pickles import read_torch
from keras_magvit.networks.weights import WeightsError

# Squared length below which a feature counts as dead, and is left as it is.
_DEAD = 1e-20
_HEADS = "weights/v0.1/vgg.pth"


def feature_distance(first, second, heads=None):
    """Distance of two batches of frames from their features.

    Args:
        first: list of features `(N, h, w, channels)`, one a stage, any float dtype.
        second: the same of the other frames.
        heads: weights of the channels, `(channels,)` a stage; None weighs all with 1,
            and each stage then adds 0 to 4.

    Returns:
        float32 `(N,)`, at least 0.
    """
    if heads is None:
        heads = [1.0] * len(first)
    stages = zip(first, second, heads, strict=True)
    return sum(_stage_distance(*stage) for stage in stages)


def _stage_distance(first, second, head):
    difference = ops.square(_normalize(first) - _normalize(second))
    weighted = ops.convert_to_tensor(head, "float32") * difference
    return ops.mean(ops.sum(weighted, axis=-1), axis=(1, 2))


def _normalize(features):
    """Unit length of the channel vector at every place, in float32."""
    features = ops.cast(features, "float32")
    squared = ops.sum(ops.square(features), axis=-1, keepdims=True)
    # Chosen before the root, whose gradient at zero is infinite.
    return features * ops.rsqrt(ops.where(squared > _DEAD, squared, 1.0))


def lpips_heads(path=None):
    """The learned weights of VGG16's channels, version 0.1.

    Args:
        path: the file `weights/v0.1/vgg.pth` of the pip package lpips; None looks in the
            installed package.

    Returns:
        float32 arrays of shapes (64,), (128,), (256,), (512,), (512,).

    Raises:
        ImportError: if there is no path and the package is not installed.
        WeightsError: if the file holds something else.
    """
    path = path or package_file("lpips", _HEADS)
    arrays = read_torch(path)
    try:
        heads = [arrays[f"lin{i}.model.1.weight"].reshape(-1) for i in range(5)]
    except KeyError as error:
        raise WeightsError(
            f"The file does not hold LPIPS' heads: {error} is missing. "
            f"Received: path={str(path)!r}"
        ) from error
    return [head.astype("float32") for head in heads]
