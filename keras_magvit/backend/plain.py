"""Plain formulations in Keras' operations, for every device and for exported graphs."""

from keras import ops

from keras_magvit.backend.choice import is_plain


def convolve(video, kernel, padding):
    """3D convolution of stride 1; `padding` is "valid" or "same" (zeros)."""
    return ops.conv(video, kernel, padding=padding)


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    return ops.average_pool(video, pool_size, pool_size, padding="same")


def attention(query, key, value, kept=None, *, causal=False):
    """Softmax attention, by Keras' fused kernel where nothing is dropped.

    Args:
        query, key, value: float `(B, L, heads, head_dim)`.
        causal: each position sees itself and earlier ones only.
        kept: float32 `(L, L)`, multiplies the attention weights of every head; None
            leaves them.

    Returns:
        `(B, L, heads, head_dim)`.
    """
    if kept is None:
        return ops.dot_product_attention(query, key, value, is_causal=causal)
    scale = query.shape[-1] ** -0.5
    scores = ops.cast(ops.einsum("bqhd,bkhd->bhqk", query * scale, key), "float32")
    if causal:
        places = ops.arange(ops.shape(scores)[-1])
        scores = ops.where(places[:, None] >= places, scores, -1e9)
    weights = ops.cast(ops.softmax(scores, axis=-1) * kept, query.dtype)
    return ops.einsum("bhqk,bkhd->bqhd", weights, value)


def interleave(phases, size):
    """Joins the phases of an upsampled video.

    Args:
        phases: float `(B, T, H, W, C)` each, in the order of T, H, W.
        size: `(t, h, w)`, phases along each axis.

    Returns:
        `(B, T * t, H * h, W * w, C)`.
    """
    if is_plain():
        return _interleave_by_axes(phases, size)
    _, *shape, channels = phases[0].shape
    apart = ops.reshape(ops.concatenate(phases, axis=-1), (-1, *shape, *size, channels))
    mixed = ops.transpose(apart, (0, 1, 4, 2, 5, 3, 6, 7))
    sizes = [n * by for n, by in zip(shape, size, strict=True)]
    return ops.reshape(mixed, (-1, *sizes, channels))


def _interleave_by_axes(phases, size):
    """For converters whose transposition takes few axes: W first, T last."""
    for axis, by in reversed([*enumerate(size, start=1)]):
        runs = [phases[i : i + by] for i in range(0, len(phases), by)]
        _, *shape = phases[0].shape
        shape[axis - 1] *= by
        phases = [
            ops.reshape(ops.stack(run, axis=axis + 1), (-1, *shape)) for run in runs
        ]
    return phases[0]


def norm_swish(x, gamma, beta, groups, epsilon, dtype):
    """`swish(group_norm(x))`; see `layers.GroupNormSwish`.

    Args:
        x: float `(B, T, H, W, C)`.
        gamma, beta: float32 `(C,)`.
        groups: of channels, whose mean and variance are taken over T, H and W.
        epsilon: added to the variance.
        dtype: of the result.

    Returns:
        `(B, T, H, W, C)`.
    """
    x = ops.cast(x, "float32")
    of_channels = ops.mean(x, axis=(1, 2, 3)), ops.mean(ops.square(x), axis=(1, 2, 3))
    scale, shift = affine(*of_channels, gamma, beta, groups, epsilon)
    y = x * scale + shift
    return ops.cast(ops.silu(y), dtype)


def affine(mean, square, gamma, beta, groups, epsilon):
    """The normalization as `x * scale + shift`, `(B, 1, 1, 1, C)` each.

    Args:
        mean, square: of each channel and its square, `(B, C)`.
    """
    channels = mean.shape[-1]

    def over_group(of_channels):
        grouped = ops.reshape(of_channels, (-1, groups, channels // groups))
        return ops.repeat(ops.mean(grouped, axis=-1), channels // groups, axis=1)

    mean, square = over_group(mean), over_group(square)
    variance = ops.maximum(square - ops.square(mean), 0.0)
    scale = gamma * ops.rsqrt(variance + epsilon)
    shift = beta - mean * scale
    return scale[:, None, None, None, :], shift[:, None, None, None, :]
