"""TensorFlow: what layers compute. On CPUs oneDNN does the work, without XLA."""

from functools import partial

import tensorflow as tf

from keras_magvit.backend import plain as plain_kernels
from keras_magvit.backend.choice import is_plain
from keras_magvit.backend.tensorflow_loops import activated, attend


def matmul_float32(a, b):
    """`a @ b` in float32.

    TensorFlow has no switch per call: on Ampere GPUs and later, turn TF32 off with
    `tf.config.experimental.enable_tensor_float_32_execution(False)` for exact ids.
    """
    return tf.matmul(a, b)


def argmax(x):
    """int32 index of the largest value along the last axis; the first of equal ones.

    Keras' own looks at the bits of a zero for its sign, which ONNX cannot express.
    """
    return tf.argmax(x, axis=-1, output_type=tf.int32)


def mirror_pad(video, pads, mode):
    """Mirrors the borders of `(B, T, H, W, C)` by the backend's own kernel.

    Args:
        video: float `(B, T, H, W, C)`.
        pads: `((before, after), ...)` for T, H, W.
        mode: "reflect" or "edge".

    Returns:
        The padded tensor; None where no kernel fits.
    """
    pads = [tuple(pad) for pad in pads]
    if mode == "edge":
        # A border of one that repeats is a mirror in the border's edge.
        fits = all(max(pad) <= 1 for pad in pads)
        symmetric = ((0, 0), *pads, (0, 0))
        return tf.pad(video, symmetric, "SYMMETRIC") if fits else None
    sizes = video.shape[1:4]
    if any(n is None or n <= max(pad) for n, pad in zip(sizes, pads, strict=True)):
        return None  # a mirror shorter than the border
    return tf.pad(video, ((0, 0), *pads, (0, 0)), "REFLECT")


def convolves_to_the_border(video):
    """Whether a convolution may be left to pad `(B, T, H, W, C)` with zeros itself.

    Two frames in bfloat16: oneDNN leaves parts of the kernel's gradient unwritten
    (TensorFlow 2.21, PyTorch 2.13); with zeros laid around the video it is right.
    """
    return not (video.dtype == tf.bfloat16 and video.shape[1] in (None, 2))


def on_cpu(fast, plain, *tensors):
    """`fast(*tensors)` on a CPU, elsewhere `plain(*tensors)`, which is equal."""
    on_gpu = tf.config.list_logical_devices("GPU")
    return (plain if on_gpu or is_plain() else fast)(*tensors)


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    sizes = zip(video.shape[1:4], pool_size, strict=True)
    if is_plain() and all(n and n % count == 0 for n, count in sizes):
        return _average_of_slices(video, pool_size)
    # TensorFlow has no float16 kernel for it on CPUs.
    half = video.dtype == tf.float16
    wide = tf.cast(video, tf.float32) if half else video
    return tf.cast(plain_kernels.average_pool(wide, pool_size), video.dtype)


def _average_of_slices(video, pool_size):
    """For LiteRT, which pools in two dimensions alone."""
    for axis, count in enumerate(pool_size, start=1):
        before = (slice(None),) * axis
        parts = [video[(*before, slice(i, None, count))] for i in range(count)]
        video = tf.add_n(parts) / count
    return video


def dense(x, kernel, bias, activation, training=False):
    """`activation(x @ kernel + bias)` of `(B, L, E)`.

    Rows of a matrix and a bias by its own operation: then TensorFlow runs product, bias
    and GELU as one kernel of oneDNN; unless a gradient needs what is between them.
    """
    rows = tf.matmul(tf.reshape(x, (-1, kernel.shape[0])), kernel)
    rows = tf.nn.bias_add(rows, bias)
    if activation is not None:
        fast = activated(activation) if training else activation
        rows = on_cpu(fast, activation, rows)
    length = tf.shape(x)[1] if x.shape[1] is None else x.shape[1]
    return tf.reshape(rows, (-1, length, kernel.shape[1]))


def attention(query, key, value, causal, kept=None):
    """Softmax attention of `(B, L, heads, head_dim)`; see `plain.attention`.

    Keras' scores are float32; on a CPU most of the time would go into casting them.
    """
    if is_plain() and not causal and kept is None:
        return _attention_by_products(query, key, value)
    whole = partial(plain_kernels.attention, causal=causal)
    fits = not causal and query.dtype == tf.bfloat16
    mask = () if kept is None else (kept,)
    return on_cpu(attend if fits else whole, whole, query, key, value, *mask)


def _attention_by_products(query, key, value):
    """What converters write as it stands: an einsum of theirs looks for shapes."""
    query, key, value = (tf.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))
    scores = tf.matmul(query * query.shape[-1] ** -0.5, key, transpose_b=True)
    mixed = tf.matmul(tf.nn.softmax(scores), value)
    return tf.transpose(mixed, (0, 2, 1, 3))
