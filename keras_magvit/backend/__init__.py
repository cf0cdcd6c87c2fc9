"""The one place where backends differ: same-named functions, chosen once.

Nothing else in the package imports JAX, TensorFlow or PyTorch.
"""

import keras

from keras_magvit.backend.allocation import keep_freed_memory
from keras_magvit.backend.choice import plain_path

_NAME = keras.config.backend()

# XLA asks for a step's memory in one piece; its pieces, kept, would add up.
if _NAME != "jax":
    keep_freed_memory()

if _NAME == "jax":
    from keras_magvit.backend.jax import (
        apply_gradients,
        compile_inference,
        device_count,
        is_concrete,
        jit_by_default,
        mean_over_replicas,
        player_gradients,
        process_share,
        rematerialized,
        replica_count,
        run_step,
        share_of_loss,
        sum_over_replicas,
        synchronized,
        updates_in_one_pass,
        value_and_gradients,
        value_and_input_gradient,
    )
    from keras_magvit.backend.jax_kernels import (
        argmax,
        attention,
        average_pool,
        convolve,
        convolves_to_the_border,
        dense,
        matmul_float32,
        mirror_pad,
        on_cpu,
    )
    from keras_magvit.backend.plain import interleave, norm_swish
elif _NAME == "tensorflow":
    from keras_magvit.backend.plain import convolve, interleave, norm_swish
    from keras_magvit.backend.tensorflow import (
        apply_gradients,
        compile_inference,
        device_count,
        is_concrete,
        jit_by_default,
        mean_over_replicas,
        player_gradients,
        process_share,
        rematerialized,
        replica_count,
        run_step,
        share_of_loss,
        sum_over_replicas,
        synchronized,
        updates_in_one_pass,
        value_and_gradients,
        value_and_input_gradient,
    )
    from keras_magvit.backend.tensorflow_kernels import (
        argmax,
        attention,
        average_pool,
        convolves_to_the_border,
        dense,
        matmul_float32,
        mirror_pad,
        on_cpu,
    )
elif _NAME == "torch":
    from keras_magvit.backend.torch import (
        apply_gradients,
        compile_inference,
        device_count,
        is_concrete,
        jit_by_default,
        mean_over_replicas,
        player_gradients,
        process_share,
        rematerialized,
        replica_count,
        run_step,
        share_of_loss,
        sum_over_replicas,
        synchronized,
        updates_in_one_pass,
        value_and_gradients,
        value_and_input_gradient,
    )
    from keras_magvit.backend.torch_kernels import (
        argmax,
        attention,
        average_pool,
        convolve,
        convolves_to_the_border,
        dense,
        interleave,
        matmul_float32,
        mirror_pad,
        norm_swish,
        on_cpu,
    )
else:
    raise ImportError(
        "keras_magvit runs on the Keras backends 'jax', 'tensorflow' and 'torch'. Set "
        "the environment variable KERAS_BACKEND before the first import of keras. "
        f"Received: backend={_NAME!r}"
    )

__all__ = [
    "apply_gradients",
    "argmax",
    "attention",
    "average_pool",
    "compile_inference",
    "convolve",
    "convolves_to_the_border",
    "dense",
    "device_count",
    "interleave",
    "is_concrete",
    "jit_by_default",
    "matmul_float32",
    "mean_over_replicas",
    "mirror_pad",
    "norm_swish",
    "on_cpu",
    "plain_path",
    "player_gradients",
    "process_share",
    "rematerialized",
    "replica_count",
    "run_step",
    "share_of_loss",
    "sum_over_replicas",
    "synchronized",
    "updates_in_one_pass",
    "value_and_gradients",
    "value_and_input_gradient",
]
