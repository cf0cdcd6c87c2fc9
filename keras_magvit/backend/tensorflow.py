"""TensorFlow: `tf.function` graphs and gradient tapes."""

import keras
import tensorflow as tf


def compile_inference(function, model):
    """Compiles `function(*tensors)`, which reads the variables of `model`.

    Without XLA: on a CPU its 3D convolutions are several times slower than oneDNN's.
    """
    del model  # A graph holds its variables by reference.
    graph = tf.function(function, jit_compile=False)

    def call(*arguments):
        return graph(*tf.nest.map_structure(tf.convert_to_tensor, arguments))

    return call


def value_and_gradients(loss_fn, variables):
    """Returns `loss_fn()` and its gradients with respect to Keras variables."""
    values = [v.value for v in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss = loss_fn()
    return loss, tape.gradient(loss, values, unconnected_gradients="zero")


def input_gradient(function, inputs):
    """Gradient of `sum(function(inputs))` with respect to `inputs`, differentiable."""
    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(function(inputs))
    return tape.gradient(total, inputs)


def matmul_float32(a, b):
    """`a @ b` in float32.

    TensorFlow has no switch per call: on Ampere GPUs and later, turn TF32 off with
    `tf.config.experimental.enable_tensor_float_32_execution(False)` for exact ids.
    """
    return tf.matmul(a, b)


def is_concrete(tensor):
    """True when `tensor` holds numbers that can be looked at, False while tracing."""
    return not tf.is_symbolic_tensor(tensor)


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    # TensorFlow has no float16 kernel for it on CPUs.
    half = video.dtype == tf.float16
    wide = tf.cast(video, tf.float32) if half else video
    pooled = keras.ops.average_pool(wide, pool_size, pool_size, padding="same")
    return tf.cast(pooled, video.dtype)


def attention(query, key, value, causal):
    """Softmax attention of `(B, L, heads, head_dim)` by the backend's fused kernel."""
    return keras.ops.dot_product_attention(query, key, value, is_causal=causal)
