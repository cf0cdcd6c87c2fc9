"""Train steps lowered for devices that are not there, without a weight in memory."""

import contextlib

import jax
import jax.export
from keras.src.backend.jax import core

from keras_magvit.training import VideoTokenizerTrainer


@contextlib.contextmanager
def shapes_alone(monkeypatch):
    """In here variables have a shape and a dtype, and no value."""

    def initialize(variable, initializer):
        del initializer
        variable._value = jax.ShapeDtypeStruct(variable._shape, variable._dtype)

    def average_of(trainer, variable):
        name = f"average_{variable.path.replace('/', '_')}"
        return trainer._average(name, variable.shape, "zeros")

    with monkeypatch.context() as patch:
        patch.setattr(core.JaxVariable, "_initialize_with_initializer", initialize)
        patch.setattr(VideoTokenizerTrainer, "_average_of", average_of)
        yield


def lowered(model, batch, platform):
    """The StableHLO text of a compiled model's train step.

    Args:
        model: a compiled `VideoTokenizerTrainer` or `MAGVIT`.
        batch: tuple of `(shape, dtype)`.
        platform: "tpu", "cuda" or "cpu".
    """
    state = tuple(
        [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in group]
        for group in (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
    )
    data = tuple(jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in batch)
    step = jax.jit(model.train_step, donate_argnums=0)
    return jax.export.export(step, platforms=[platform])(state, data).mlir_module()
