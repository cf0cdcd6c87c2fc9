"""PyTorch: what layers compute."""

from functools import partial

import numpy as np
import torch

from keras_magvit.backend import plain as plain_kernels
from keras_magvit.backend.choice import is_plain


def matmul_float32(a, b):
    """`a @ b` in float32, PyTorch's default precision for float32 operands."""
    return torch.matmul(a, b)


def argmax(x):
    """int32 index of the largest value along the last axis; the first of equal ones."""
    return torch.argmax(x, dim=-1).to(torch.int32)


def mirror_pad(video, pads, mode):
    """Mirrors the borders of `(B, T, H, W, C)` in one copy, not one for each axis.

    Args:
        video: float `(B, T, H, W, C)`.
        pads: `((before, after), ...)` for T, H, W.
        mode: "reflect" or "edge".

    Returns:
        The padded tensor; None where slices have to do it.
    """
    sizes, skip = video.shape[1:4], mode == "reflect"
    fits = all(
        max(pad) <= 1 and n > max(pad) * skip
        for n, pad in zip(sizes, pads, strict=True)
    )
    # Gradients of what is written in place are slow.
    if not fits or torch.is_grad_enabled() or video.device.type != "cpu":
        return None
    shape = [n + sum(pad) for n, pad in zip(sizes, pads, strict=True)]
    padded = video.new_empty(video.shape[0], *shape, video.shape[-1])
    inner = tuple(slice(b, b + n) for n, (b, _) in zip(sizes, pads, strict=True))
    padded[(slice(None), *inner)] = video
    for axis, (before, after) in enumerate(pads, start=1):
        last = padded.shape[axis] - 1
        if before:
            padded.select(axis, 0).copy_(padded.select(axis, 1 + skip))
        if after:
            padded.select(axis, last).copy_(padded.select(axis, last - 1 - skip))
    return padded


def convolves_to_the_border(video):
    """Whether a convolution may be left to pad `(B, T, H, W, C)` with zeros itself.

    Two frames in bfloat16: oneDNN leaves parts of the kernel's gradient unwritten
    (TensorFlow 2.21, PyTorch 2.13); with zeros laid around the video it is right.
    """
    return not (video.dtype == torch.bfloat16 and video.shape[1] == 2)


def on_cpu(fast, plain, *tensors):
    """`fast(*tensors)` on a CPU, elsewhere `plain(*tensors)`, which is equal."""
    elsewhere = any(x.device.type != "cpu" for x in tensors)
    return (plain if elsewhere or is_plain() else fast)(*tensors)


def convolve(video, kernel, padding):
    """3D convolution of stride 1; `padding` is "valid" or "same" (zeros)
    for kernels of odd extent.
    """
    native = partial(_convolve_channels_last, padding=padding)
    whole = partial(plain_kernels.convolve, padding=padding)
    return on_cpu(native, whole, video, kernel)


def _convolve_channels_last(video, kernel, padding):
    *taps, channels, filters = kernel.shape
    if max(taps) == 1:
        return torch.matmul(video, kernel[0, 0, 0])
    # The layout that oneDNN wants, by one transposition of a matrix.
    rows = kernel.reshape(-1, filters).t().contiguous()
    weight = rows.view(filters, *taps, channels).permute(0, 4, 1, 2, 3)
    channels_first = video.contiguous().permute(0, 4, 1, 2, 3)
    pads = [n // 2 if padding == "same" else 0 for n in taps]
    y = torch.nn.functional.conv3d(channels_first, weight, padding=pads)
    return y.permute(0, 2, 3, 4, 1)


def interleave(phases, size):
    """Joins the phases of an upsampled video; see `plain.interleave`."""
    if torch.is_grad_enabled() or phases[0].device.type != "cpu":
        return plain_kernels.interleave(phases, size)
    batch, *shape, channels = phases[0].shape
    sizes = [n * by for n, by in zip(shape, size, strict=True)]
    joined = phases[0].new_empty(batch, *sizes, channels)
    t, h, w = size
    for values, (a, b, c) in zip(phases, np.ndindex(*size), strict=True):
        joined[:, a::t, b::h, c::w] = values
    return joined


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    # PyTorch has no half-precision kernel for it on CPUs.
    dtype = video.dtype
    if video.device.type == "cpu" and dtype in (torch.float16, torch.bfloat16):
        video = video.float()
    return plain_kernels.average_pool(video, pool_size).to(dtype)


def norm_swish(x, gamma, beta, groups, epsilon, dtype):
    """`swish(group_norm(x))`; see `plain.norm_swish`.

    By PyTorch's own normalization, which reads the video twice; it sums in float32, one
    number after the other, which costs the last two digits of long sums. What makes ids in
    float32 is therefore summed in pairs.
    """
    in_pairs = not torch.is_grad_enabled() and x.dtype == torch.float32

    def precise(x, gamma, beta):
        y = torch.square(x)
        scale, shift = plain_kernels.affine(
            x.mean((1, 2, 3)), y.mean((1, 2, 3)), gamma, beta, groups, epsilon
        )
        torch.addcmul(shift, x, scale, out=y)
        return torch.nn.functional.silu(y, inplace=True).to(getattr(torch, dtype))

    def native(x, gamma, beta):
        channels_first = x.permute(0, 4, 1, 2, 3)
        y = torch.nn.functional.group_norm(channels_first, groups, gamma, beta, epsilon)
        # The gradient would need what is written over.
        y = torch.nn.functional.silu(y, inplace=not torch.is_grad_enabled())
        return y.permute(0, 2, 3, 4, 1).to(getattr(torch, dtype))

    def in_operations(x, gamma, beta):
        return plain_kernels.norm_swish(x, gamma, beta, groups, epsilon, dtype)

    if x.dtype == torch.float16:
        return in_operations(x, gamma, beta)
    return on_cpu(precise if in_pairs else native, in_operations, x, gamma, beta)


def dense(x, kernel, bias, activation, training=False):
    """`activation(x @ kernel + bias)` of `(B, L, E)`."""
    del training
    y = torch.nn.functional.linear(x, kernel.t(), bias)
    return y if activation is None else activation(y)


def attention(query, key, value, causal, kept=None):
    """Softmax attention of `(B, L, heads, head_dim)`; see `plain.attention`.

    By the backend's fused kernel, except in bfloat16 on a CPU, where that is slower than
    two products of matrices.
    """
    if causal or kept is not None or query.dtype != torch.bfloat16:
        return plain_kernels.attention(query, key, value, kept, causal=causal)
    whole = partial(plain_kernels.attention, causal=causal)
    return on_cpu(_attention_bfloat16, whole, query, key, value)


def _attention_bfloat16(query, key, value):
    batch, _, heads, head_dim = query.shape

    def by_head(x):
        return x.transpose(1, 2).reshape(batch * heads, -1, head_dim)

    query, key, value = by_head(query * head_dim**-0.5), by_head(key), by_head(value)
    scores = torch.bmm(query, key.transpose(1, 2))
    # Over the scores, where no gradient will want them: half the memory to fetch.
    out = None if torch.is_grad_enabled() else scores
    mixed = torch.bmm(torch.softmax(scores, dim=-1, out=out), value)
    return mixed.reshape(batch, heads, -1, head_dim).transpose(1, 2)
