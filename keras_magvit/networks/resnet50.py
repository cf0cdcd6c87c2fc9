"""ResNet-50 of keras.applications, whose logits the released code compares.

Reference: He et al. (https://arxiv.org/abs/1512.03385).
"""

import keras

from keras_magvit.networks.preparation import freeze
from keras_magvit.networks.weights import WeightsError

# The mean pixel of the weights' training, blue first.
_MEAN_BGR = (103.939, 116.779, 123.68)


def resnet50(weights="imagenet", size=224, dtype="float32"):
    """ResNet-50 up to its logits as a frozen Keras model.

    Args:
        weights: "imagenet" takes keras.applications' from its cache, or downloads them;
            a path reads its .weights.h5 or .h5; None leaves random weights.
        size: frames are resized to `(size, size)`, bilinearly; the weights want 224.
        dtype: dtype or policy of the convolutions.

    Returns:
        `keras.Model` from RGB frames, float `(N, H, W, 3)` in [0, 1], to logits
        `(N, 1000)`. Weights are frozen.

    Raises:
        WeightsError: if the weights can neither be found nor downloaded.
    """
    body = _body(weights, size, dtype)
    inputs = keras.Input((None, None, 3), dtype="float32", name="frames")
    x = keras.layers.Resizing(size, size, dtype="float32")(inputs)
    x = keras.ops.flip(x, axis=-1)
    x = keras.layers.Rescaling(255.0, [-m for m in _MEAN_BGR], dtype="float32")(x)
    return freeze(keras.Model(inputs, body(x), name="resnet50"))


def _body(weights, size, dtype):
    policy = keras.config.dtype_policy()
    # keras.applications takes no dtype.
    keras.config.set_dtype_policy(dtype)
    try:
        return keras.applications.ResNet50(
            weights=weights, input_shape=(size, size, 3), classifier_activation=None
        )
    except (OSError, ValueError) as error:
        if weights is None:
            raise
        raise WeightsError(
            "The weights of ResNet-50 cannot be had here. On a machine with a network, "
            'run keras.applications.ResNet50(weights="imagenet") once and copy '
            "~/.keras/models/resnet50_weights_tf_dim_ordering_tf_kernels.h5 to the same "
            'place here; or choose the perceptual network "efficientnet_lite0", whose '
            f"weights come by pip. Received: weights={weights!r} ({error})"
        ) from error
    finally:
        keras.config.set_dtype_policy(policy)
