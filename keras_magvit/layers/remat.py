"""Rematerialization: less memory for the activations of a layer, a second pass for them."""

import keras
from keras import ops

from keras_magvit import backend


def rematerialized_call(layer, inputs, **kwargs):
    """`layer(inputs)`, of which only inputs and outputs are kept for the gradient.

    Not `keras.RematScope`: a layer that draws noise, as dropout does, would draw anew in
    the second pass, or fail under JAX. Here both passes read the same seeds.

    Args:
        layer: a built `keras.Layer`.
        inputs: tensor.
        **kwargs: of its call.

    Returns:
        The layer's output.

    Reference:
        Chen et al., https://arxiv.org/abs/1604.06174.
    """
    weights, states = layer.trainable_variables, layer.non_trainable_variables
    held = [(v, ops.copy(v.value)) for v in states]  # as they are now

    def function(x, *values):
        taken = zip(weights, values, strict=True)
        with keras.StatelessScope([*held, *taken]) as scope:
            outputs = layer(x, **kwargs)
        return outputs, [scope.get_current_value(v) for v in states]

    values = [v.value for v in weights]
    outputs, updated = backend.rematerialized(function, inputs, *values)
    for variable, value in zip(states, updated, strict=True):
        variable.assign(value)
    return outputs
