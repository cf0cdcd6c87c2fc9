"""JAX: pure functions under `jax.jit`, with variables passed in and out."""

import jax
import jax.numpy as jnp
import keras


def compile_inference(function, model):
    """Compiles `function(*tensors)`, which reads the variables of `model`.

    The variables are arguments of the compiled program, not constants of it: weights
    loaded or trained later are seen, and no copy of them is kept in the executable.
    """

    @jax.jit
    def program(values, arguments):
        with keras.StatelessScope(zip(model.variables, values, strict=True)):
            return function(*arguments)

    def call(*arguments):
        return program([v.value for v in model.variables], arguments)

    return call


def value_and_gradients(loss_fn, variables):
    """Returns `loss_fn()` and its gradients with respect to Keras variables."""

    def loss_of(values):
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return loss_fn()

    # One compiled program: op by op, XLA would compile hundreds of small ones.
    return jax.jit(jax.value_and_grad(loss_of))([v.value for v in variables])


def input_gradient(function, inputs):
    """Gradient of `sum(function(inputs))` with respect to `inputs`, differentiable."""
    return jax.grad(lambda x: jnp.sum(function(x)))(jnp.asarray(inputs))


def matmul_float32(a, b):
    """`a @ b` in full float32, also where the hardware prefers bfloat16 or TF32."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def is_concrete(tensor):
    """True when `tensor` holds numbers that can be looked at, False while tracing."""
    return not isinstance(tensor, jax.core.Tracer)


def average_pool(video, pool_size):
    """Averages blocks of `(B, T, H, W, C)`; a block cut by the border averages the rest."""
    return keras.ops.average_pool(video, pool_size, pool_size, padding="same")


def attention(query, key, value, causal):
    """Softmax attention of `(B, L, heads, head_dim)` by the backend's fused kernel."""

    def fused(*qkv):
        return keras.ops.dot_product_attention(*qkv, is_causal=causal)

    if query.dtype != jnp.float16:
        return fused(query, key, value)

    def in_float32(*qkv):
        return fused(*(x.astype(jnp.float32) for x in qkv)).astype(jnp.float16)

    # XLA has no float16 product with a float32 sum on CPUs.
    return jax.lax.platform_dependent(query, key, value, cpu=in_float32, default=fused)
