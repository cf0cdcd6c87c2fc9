"""What every frozen network needs: an input of frames, and weights put into layers."""

import keras
import numpy as np

from keras_magvit.networks.weights import WeightsError, check_size
from keras_magvit.presets import weights as keras_weights
from keras_magvit.presets.errors import Refusal


def frames_input():
    """Input of float32 frames `(N, H, W, 3)` in [0, 1], of any size.

    Whatever dtype computes: bfloat16 has too few steps for pixels.
    """
    return keras.Input((None, None, 3), dtype="float32", name="frames")


def freeze(model):
    """Stops training of a model and returns it."""
    model.trainable = False
    return model


def set_arrays(model, arrays_of, path):
    """Fills the layers of a model by name.

    Args:
        model: a built `keras.Model`.
        arrays_of: layer name -> function that returns its arrays, in the layer's order.
            Layers that the model does not have are passed over; a layer with weights
            must be there.
        path: where the arrays come from, for errors.

    Raises:
        WeightsError: if an array is missing or has another shape.
    """
    for layer in model.layers:
        if not layer.weights:
            continue
        try:
            arrays = arrays_of[layer.name]()
        except KeyError as error:
            raise WeightsError(
                f"The file does not hold {model.name}: {error} is missing. "
                f"Received: path={str(path)!r}"
            ) from error
        shapes = [tuple(w.shape) for w in layer.weights]
        if [np.shape(a) for a in arrays] != shapes:
            raise WeightsError(
                f"The file does not hold {model.name}: {layer.name} has shapes "
                f"{[np.shape(a) for a in arrays]} in place of {shapes}. "
                f"Received: path={str(path)!r}"
            )
        layer.set_weights([np.asarray(a, "float32") for a in arrays])


def load_keras(model, path):
    """Fills a model from a `.weights.h5` of its own, which is inspected first.

    Raises:
        WeightsError: if the file is damaged or holds another network.
    """
    check_size(path)
    try:
        stored = keras_weights.stored_shapes(path, "The file")
        keras_weights.load(model, path, stored, "The file")
    except Refusal as error:
        raise WeightsError(f"{error} Received: path={path!r}") from error
