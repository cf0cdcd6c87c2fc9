"""Callbacks that know the number of the training step."""

import keras


class StepCallback(keras.callbacks.Callback):
    """Counts steps over calls of `fit` and over resumed trainings.

    Args:
        step: steps done before this `fit`.

    Attributes:
        step: steps done.
    """

    def __init__(self, step=0):
        super().__init__()
        self.step = step

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_start = self.step

    def on_train_batch_end(self, batch, logs=None):
        # Not a count of calls: with `steps_per_execution` there are fewer.
        self.step = self._epoch_start + batch + 1

    def sync(self):
        """Brings the model's variables up to date, which JAX keeps elsewhere in `fit`."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()


def plain_logs(logs):
    """Logs as floats."""
    return {name: float(value) for name, value in (logs or {}).items()}
