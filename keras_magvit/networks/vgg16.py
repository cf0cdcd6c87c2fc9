"""VGG16 of torchvision, the backbone of LPIPS.

`keras.applications.VGG16` holds other weights (Caffe's), with which LPIPS has no meaning.

Reference: Simonyan and Zisserman (https://arxiv.org/abs/1409.1556).
"""

import keras
import numpy as np

from keras_magvit.networks.packages import cached_file
from keras_magvit.networks.pickles import read_torch
from keras_magvit.networks.preparation import frames_input, freeze, set_arrays

_STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
# LPIPS' own shift and scale, for pixels in [-1, 1].
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_FILE = "vgg16-397923af.pth"
_ORIGIN = f"https://download.pytorch.org/models/{_FILE}"


def vgg16(weights="imagenet", dtype="float32"):
    """The convolutions of VGG16 as a frozen Keras model, with LPIPS' five outputs.

    Args:
        weights: "imagenet" takes torchvision's file from PyTorch's cache, or downloads
            it; a path reads such a file, or timm's vgg16.tv_in1k .safetensors; None
            leaves random weights.
        dtype: dtype or policy of the convolutions.

    Returns:
        `keras.Model` from RGB frames, float `(N, H, W, 3)` in [0, 1], to a list of the
        last activations of each stage, `(N, h, w, channels)` with h = H, H // 2, ...,
        H // 16 and 64, 128, 256, 512, 512 channels. Weights are frozen.

    Raises:
        ValueError: if the file holds another network.
        WeightsError: if there is no file and none can be downloaded.
    """
    inputs = frames_input()
    x = keras.layers.Rescaling(
        [2 / s for s in _SCALE],
        [(-1 - m) / s for m, s in zip(_SHIFT, _SCALE, strict=True)],
        dtype="float32",
    )(inputs)
    outputs = []
    for stage, (count, channels) in enumerate(_STAGES, start=1):
        if stage > 1:
            x = keras.layers.MaxPooling2D(2, dtype=dtype, name=f"pool{stage - 1}")(x)
        for number in range(1, count + 1):
            x = keras.layers.Conv2D(
                channels,
                3,
                padding="same",
                activation="relu",
                dtype=dtype,
                name=f"conv{stage}_{number}",
            )(x)
        outputs.append(x)
    model = keras.Model(inputs, outputs, name="vgg16")
    if weights is not None:
        path = cached_file(_ORIGIN) if weights == "imagenet" else weights
        set_arrays(model, _arrays_of(read_arrays(path)), path)
    return freeze(model)


def _arrays_of(arrays):
    """Layer name -> function that gives kernel and bias; see `set_arrays`."""
    found, index = {}, 0
    for stage, (count, _) in enumerate(_STAGES, start=1):
        for number in range(1, count + 1):
            found[f"conv{stage}_{number}"] = lambda name=f"features.{index}": (
                np.transpose(arrays[f"{name}.weight"], (2, 3, 1, 0)),
                arrays[f"{name}.bias"],
            )
            index += 2  # a convolution and its relu
        index += 1  # the pool
    return found


def read_arrays(path):
    """`{name: array}` of a file of PyTorch or of safetensors, by its ending."""
    if not str(path).endswith(".safetensors"):
        return read_torch(path)
    try:
        from safetensors.numpy import load_file
    except ImportError as error:
        raise ImportError(
            "Reading .safetensors needs safetensors. Install it with: "
            'pip install "keras-magvit[metrics]"'
        ) from error
    return load_file(path)
