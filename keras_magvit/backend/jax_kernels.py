"""JAX: what layers compute.

What is faster or possible on CPUs alone is chosen by `jax.lax.platform_dependent`, and
jitted under a name that starts with `cpu_`: a step that is lowered for another device
must not hold that name.
"""

from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np

from keras_magvit.backend import plain as plain_kernels
from keras_magvit.backend.choice import is_plain


def matmul_float32(a, b):
    """`a @ b` in full float32, also where the hardware prefers bfloat16 or TF32."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def argmax(x):
    """int32 index of the largest value along the last axis; the first of equal ones."""
    return jnp.argmax(x, axis=-1).astype(jnp.int32)


def mirror_pad(video, pads, mode):
    """None: there is no kernel that mirrors T, H and W faster than slices do."""
    del video, pads, mode
    return None


def convolves_to_the_border(video):
    """Whether a convolution may be left to pad `(B, T, H, W, C)` with zeros itself."""
    del video
    return True


def on_cpu(fast, plain, *tensors):
    """`fast(*tensors)` on a CPU, elsewhere `plain(*tensors)`, which is equal."""
    if is_plain():
        return plain(*tensors)

    @jax.jit
    def cpu_formulation(*tensors):
        return fast(*tensors)

    return jax.lax.platform_dependent(*tensors, cpu=cpu_formulation, default=plain)


def convolve(video, kernel, padding):
    """3D convolution of stride 1; `padding` is "valid" or "same" (zeros).

    XLA's 3D convolution is slow on a CPU: its 2D one over shifted frames, a temporal tap
    each, is two to three times faster.
    """
    even = padding == "valid" and any(taps % 2 == 0 for taps in kernel.shape[:3])
    by_frames = _convolve_even if even else partial(_convolve_frames, padding=padding)
    whole = partial(plain_kernels.convolve, padding=padding)
    return on_cpu(by_frames, whole, video, kernel)


def _convolve_frames(video, kernel, padding):
    """The sum of one 2D convolution for each temporal tap."""
    taps = kernel.shape[0]
    if padding == "same" and taps > 1:
        pads = ((taps - 1) // 2, taps // 2)
        video = jnp.pad(video, ((0, 0), pads, (0, 0), (0, 0), (0, 0)))
    batch, frames, *size = video.shape
    frames -= taps - 1

    def convolved(tap):
        shifted = jax.lax.slice_in_dim(video, tap, tap + frames, axis=1)
        flat = jnp.reshape(shifted, (batch * frames, *size))
        # "same" also where it is cropped: XLA is slow at "valid" for several images.
        return keras.ops.conv(flat, kernel[tap], padding="same")

    total = sum(convolved(tap) for tap in range(taps))
    if padding == "valid":
        for axis, (taps, n) in enumerate(zip(kernel.shape[1:3], size[:2], strict=True)):
            first = (taps - 1) // 2
            total = jax.lax.slice_in_dim(
                total, first, first + n - taps + 1, axis=1 + axis
            )
    return jnp.reshape(total, (batch, frames, *total.shape[1:]))


@jax.custom_vjp
def _convolve_even(video, kernel):
    """XLA takes seconds for the gradient of an even kernel, whose borders differ."""
    return _convolve_frames(video, kernel, "valid")


def _convolve_even_forward(video, kernel):
    return _convolve_even(video, kernel), (video, kernel)


def _convolve_even_backward(kept, upstream):
    video, kernel = kept
    convolved = partial(_convolve_frames, kernel=kernel, padding="valid")
    _, pull_back = jax.vjp(convolved, video)

    def window(place):
        ends = [at + n for at, n in zip(place, upstream.shape[1:4], strict=True)]
        return video[:, *map(slice, place, ends)]

    # One product of matrices, with the taps beside the channels.
    taps = [window(place) for place in np.ndindex(*kernel.shape[:3])]
    cells = (0, 1, 2, 3)
    of_kernel = jnp.tensordot(jnp.concatenate(taps, -1), upstream, axes=(cells, cells))
    of_kernel = jnp.reshape(of_kernel, kernel.shape)
    return *pull_back(upstream), of_kernel.astype(kernel.dtype)


_convolve_even.defvjp(_convolve_even_forward, _convolve_even_backward)


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    by_window = partial(plain_kernels.average_pool, pool_size=pool_size)

    def by_block(video):
        batch, *shape, channels = video.shape
        pairs = [(n // by, by) for n, by in zip(shape, pool_size, strict=True)]
        blocks = jnp.reshape(video, (batch, *sum(pairs, ()), channels))
        return jnp.mean(blocks, axis=(2, 4, 6))

    whole = all(n % by == 0 for n, by in zip(video.shape[1:4], pool_size, strict=True))
    # The gradient of a window costs a CPU three times that of a block.
    return on_cpu(by_block, by_window, video) if whole else by_window(video)


def dense(x, kernel, bias, activation, training=False):
    """`activation(x @ kernel + bias)` of `(B, L, E)`."""
    del training
    y = jnp.matmul(x, kernel) + bias
    return y if activation is None else activation(y)


def attention(query, key, value, causal, kept=None):
    """Softmax attention of `(B, L, heads, head_dim)`; see `plain.attention`.

    On a CPU head after head, so that scores stay in the cache, and in float32: XLA has
    no float16 product with a float32 sum there.
    """
    by_head = partial(_attention_by_head, causal=causal)
    whole = partial(plain_kernels.attention, causal=causal)
    mask = () if kept is None else (kept,)
    return on_cpu(by_head, whole, query, key, value, *mask)


def _attention_by_head(query, key, value, kept=None, *, causal):
    batch, length, heads, head_dim = query.shape

    def apart(x):
        by_head = jnp.moveaxis(x.astype(jnp.float32), 2, 1)
        return by_head.reshape(batch * heads, -1, head_dim)

    def one_head(tensors):
        query, key, value = tensors
        scores = query * head_dim**-0.5 @ key.T
        if causal:
            scores = jnp.where(jnp.tri(length, dtype=bool), scores, -1e9)
        weights = jax.nn.softmax(scores)
        return (weights if kept is None else weights * kept) @ value

    mixed = jax.lax.map(one_head, (apart(query), apart(key), apart(value)))
    mixed = mixed.reshape(batch, heads, length, head_dim)
    return jnp.moveaxis(mixed, 1, 2).astype(query.dtype)
