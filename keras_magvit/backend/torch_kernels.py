"""PyTorch: what layers compute."""

import keras
import torch

from keras_magvit.backend.choice import is_plain


def matmul_float32(a, b):
    """`a @ b` in float32, PyTorch's default precision for float32 operands."""
    return torch.matmul(a, b)


def argmax(x):
    """int32 index of the largest value along the last axis; the first of equal ones."""
    return torch.argmax(x, dim=-1).to(torch.int32)


def mirror_pad(video, pads, mode):
    """None: there is no kernel that mirrors T, H and W faster than slices do."""
    del video, pads, mode
    return None


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
    """3D convolution of stride 1; `padding` is "valid" or "same" (zeros)."""
    return keras.ops.conv(video, kernel, padding=padding)


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    # PyTorch has no half-precision kernel for it on CPUs.
    dtype = video.dtype
    if video.device.type == "cpu" and dtype in (torch.float16, torch.bfloat16):
        video = video.float()
    pooled = keras.ops.average_pool(video, pool_size, pool_size, padding="same")
    return pooled.to(dtype)


def dense(x, kernel, bias, activation):
    """`activation(x @ kernel + bias)` of `(B, L, E)`."""
    y = torch.nn.functional.linear(x, kernel.t(), bias)
    return y if activation is None else activation(y)


def attention(query, key, value, causal):
    """Softmax attention of `(B, L, heads, head_dim)`.

    By the backend's fused kernel, except in bfloat16 on a CPU, where that is slower than
    two products of matrices.
    """

    def plain(query, key, value):
        return keras.ops.dot_product_attention(query, key, value, is_causal=causal)

    if causal or query.dtype != torch.bfloat16:
        return plain(query, key, value)
    return on_cpu(_attention_bfloat16, plain, query, key, value)


def _attention_bfloat16(query, key, value):
    batch, _, heads, head_dim = query.shape

    def by_head(x):
        return x.transpose(1, 2).reshape(batch * heads, -1, head_dim)

    query, key, value = by_head(query * head_dim**-0.5), by_head(key), by_head(value)
    scores = torch.bmm(query, key.transpose(1, 2))
    mixed = torch.bmm(torch.softmax(scores, dim=-1), value)
    return mixed.reshape(batch, heads, -1, head_dim).transpose(1, 2)
