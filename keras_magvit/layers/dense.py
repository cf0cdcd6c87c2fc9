"""Affine maps of the transformer, by the kernels that the backend fuses best.

Of Keras' layers this changes the path of float weights alone: LoRA and quantization work
as there.
"""

import math

import keras
from keras import ops

from keras_magvit import backend
from keras_magvit.backend.choice import is_plain


@keras.saving.register_keras_serializable(package="keras_magvit")
def gelu(x):
    """GELU by its approximation with tanh, BERT's activation."""
    return ops.gelu(x, approximate=True)


@keras.saving.register_keras_serializable(package="keras_magvit")
class Dense(keras.layers.Dense):
    """`keras.layers.Dense` with a bias, for sequences; its activation is fused.

    Call arguments:
        inputs: float `(B, L, E)`.

    Returns:
        float `(B, L, units)`.
    """

    def call(self, inputs, training=None):
        kernel, bias = map(ops.convert_to_tensor, (self.kernel, self.bias))
        return backend.dense(inputs, kernel, bias, self.activation, training)

    def quantize(self, mode=None, type_check=True, config=None):
        del type_check  # a subclass may have a path of its own; this one has Keras'
        super().quantize(mode, type_check=False, config=config)


@keras.saving.register_keras_serializable(package="keras_magvit")
class HeadsDense(keras.layers.EinsumDense):
    """`keras.layers.EinsumDense` with a bias, from `(B, L, E)` to heads or back.

    Call arguments:
        inputs: float `(B, L, E)` or `(B, L, heads, head_dim)`.

    Returns:
        The other of the two.
    """

    def call(self, inputs, training=None):
        del training
        kernel, bias = map(ops.convert_to_tensor, (self.kernel, self.bias))
        if is_plain():  # converters make many nodes of an einsum
            return _one_product(inputs, kernel, bias)
        return backend.on_cpu(_one_product, self._einsum, inputs, kernel, bias)

    def _einsum(self, inputs, kernel, bias):
        return ops.einsum(self.equation, inputs, kernel) + bias

    def quantize(self, mode=None, type_check=True, config=None):
        del type_check  # a subclass may have a path of its own; this one has Keras'
        super().quantize(mode, type_check=False, config=config)


def _one_product(inputs, kernel, bias):
    """Of two matrices, in place of one for each head."""
    _, length, *features = inputs.shape
    width = math.prod(features)
    outputs = kernel.shape[len(features) :]
    length = ops.shape(inputs)[1] if length is None else length
    flat = ops.reshape(inputs, (-1, length, width))
    kernel = ops.reshape(kernel, (width, math.prod(outputs)))
    joined = backend.dense(flat, kernel, ops.reshape(bias, (-1,)), None)
    return ops.reshape(joined, (-1, length, *outputs))
