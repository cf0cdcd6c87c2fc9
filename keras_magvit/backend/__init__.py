"""The one place where backends differ: same-named functions, chosen once.

Nothing else in the package imports JAX, TensorFlow or PyTorch.
"""

import keras

from keras_magvit.backend.choice import plain_path

_NAME = keras.config.backend()

if _NAME == "jax":
    from keras_magvit.backend.jax import (
        apply_gradients,
        argmax,
        attention,
        average_pool,
        compile_inference,
        convolve,
        convolves_to_the_border,
        device_count,
        is_concrete,
        jit_by_default,
        matmul_float32,
        mean_over_replicas,
        mirror_pad,
        on_cpu,
        player_gradients,
        process_share,
        rematerialized,
        replica_count,
        run_step,
        share_of_loss,
        sum_over_replicas,
        synchronized,
        value_and_gradients,
        value_and_input_gradient,
    )
elif _NAME == "tensorflow":
    from keras_magvit.backend.tensorflow import (
        apply_gradients,
        argmax,
        attention,
        average_pool,
        compile_inference,
        convolve,
        convolves_to_the_border,
        device_count,
        is_concrete,
        jit_by_default,
        matmul_float32,
        mean_over_replicas,
        mirror_pad,
        on_cpu,
        player_gradients,
        process_share,
        rematerialized,
        replica_count,
        run_step,
        share_of_loss,
        sum_over_replicas,
        synchronized,
        value_and_gradients,
        value_and_input_gradient,
    )
elif _NAME == "torch":
    from keras_magvit.backend.torch import (
        apply_gradients,
        argmax,
        attention,
        average_pool,
        compile_inference,
        convolve,
        convolves_to_the_border,
        device_count,
        is_concrete,
        jit_by_default,
        matmul_float32,
        mean_over_replicas,
        mirror_pad,
        on_cpu,
        player_gradients,
        process_share,
        rematerialized,
        replica_count,
        run_step,
        share_of_loss,
        sum_over_replicas,
        synchronized,
        value_and_gradients,
        value_and_input_gradient,
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
    "device_count",
    "is_concrete",
    "jit_by_default",
    "matmul_float32",
    "mean_over_replicas",
    "mirror_pad",
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
    "value_and_gradients",
    "value_and_input_gradient",
]
