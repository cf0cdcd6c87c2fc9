"""PyTorch: eager execution and autograd."""

import keras
import torch


def compile_inference(function, model):
    """Wraps `function(*tensors)`, which reads the variables of `model`.

    Eager: PyTorch needs no graph to reach its kernels. Gradients are off inside.
    """
    del model

    def call(*arguments):
        with torch.no_grad():
            return function(*arguments)

    return call


def value_and_gradients(loss_fn, variables):
    """Returns `loss_fn()` and its gradients with respect to Keras variables."""
    loss = loss_fn()
    values = [v.value for v in variables]
    gradients = torch.autograd.grad(loss, values, allow_unused=True)
    return loss.detach(), [
        torch.zeros_like(v) if g is None else g
        for g, v in zip(gradients, values, strict=True)
    ]


def input_gradient(function, inputs):
    """Gradient of `sum(function(inputs))` with respect to `inputs`, differentiable."""
    inputs = keras.ops.convert_to_tensor(inputs).detach().requires_grad_(True)
    total = torch.sum(function(inputs))
    return torch.autograd.grad(total, inputs, create_graph=True)[0]


def matmul_float32(a, b):
    """`a @ b` in float32, PyTorch's default precision for float32 operands."""
    return torch.matmul(a, b)


def is_concrete(tensor):
    """True: eager tensors always hold numbers that can be looked at."""
    return not tensor.is_meta


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    # PyTorch has no half-precision kernel for it on CPUs.
    dtype = video.dtype
    if video.device.type == "cpu" and dtype in (torch.float16, torch.bfloat16):
        video = video.float()
    pooled = keras.ops.average_pool(video, pool_size, pool_size, padding="same")
    return pooled.to(dtype)


def attention(query, key, value, causal):
    """Softmax attention of `(B, L, heads, head_dim)` by the backend's fused kernel."""
    return keras.ops.dot_product_attention(query, key, value, is_causal=causal)
