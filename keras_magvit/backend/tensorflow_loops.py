"""TensorFlow on CPUs: passes over memory that XLA fuses, between oneDNN's products.

TensorFlow runs one operation after another, each over the whole tensor, and keeps what
the gradient of each needs. Here one loop does what a dozen of them did, and the gradient
computes again what is cheap. XLA gets these loops alone: its products are slower.
"""

import functools

import tensorflow as tf

_loop = tf.function(jit_compile=True, autograph=False)


def attend(query, key, value, kept=None):
    """Softmax attention of `(B, L, heads, head_dim)`, bfloat16, both ways.

    For the gradient it keeps the weights of the softmax; of what is dropped, nothing.
    """
    scale = tf.cast(query.shape[-1] ** -0.5, query.dtype)

    @tf.custom_gradient
    def mix(query, key, value):
        # oneDNN's softmax sums in float32.
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True))
        dropped = weights if kept is None else _dropped(weights, kept)
        mixed = tf.matmul(dropped, value)

        def gradient(upstream):
            dropped, of_scores = _through_softmax(
                weights,
                tf.ones(()) if kept is None else kept,
                tf.matmul(upstream, value, transpose_b=True),
                mixed,
                upstream,
            )
            return (
                tf.matmul(of_scores, key),
                tf.matmul(of_scores, query, transpose_a=True),
                tf.matmul(dropped, upstream, transpose_a=True),
            )

        return mixed, gradient

    query, key, value = (
        tf.transpose(x, (0, 2, 1, 3)) for x in (query * scale, key, value)
    )
    return tf.transpose(mix(query, key, value), (0, 2, 1, 3))


@_loop
def _dropped(weights, kept):
    return tf.cast(tf.cast(weights, tf.float32) * kept, weights.dtype)


@_loop
def _through_softmax(weights, kept, of_dropped, mixed, upstream):
    """`(weights that were kept, gradient of the scores)`."""
    dtype = weights.dtype
    weights, of_dropped, mixed, upstream = (
        tf.cast(x, tf.float32) for x in (weights, of_dropped, mixed, upstream)
    )
    # The sum of weights times their gradient, over a row of scores.
    total = tf.reduce_sum(mixed * upstream, axis=-1, keepdims=True)
    of_scores = weights * (of_dropped * kept - total)
    return tf.cast(weights * kept, dtype), tf.cast(of_scores, dtype)


@functools.cache
def activated(function):
    """An activation in float32, whatever its input, both ways in one loop each."""

    def wide(x):
        return tf.cast(function(tf.cast(x, tf.float32)), x.dtype)

    forward = _loop(wide)

    @_loop
    def backward(x, upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = wide(x)
        return tape.gradient(y, x, upstream)

    @tf.custom_gradient
    def both(x):
        return forward(x), lambda upstream: backward(x, upstream)

    return both
