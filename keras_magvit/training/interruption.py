"""Ctrl-C ends a training in order."""

import signal
import threading

from keras_magvit.training.stepping import StepCallback


class StopOnSignal(StepCallback):
    """Ends `fit` after the step at hand when the process is asked to end.

    Within its `with` block, a first Ctrl-C or SIGTERM sets `requested`; a second one
    acts as ever. An exception in the middle of a step would leave a model without
    weights under JAX, and no state on the disk.

    Attributes:
        requested: number of the signal that came, or None.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, step=0):
        super().__init__(step)
        self.requested = None
        self._before = {}

    def __enter__(self):
        # Python delivers signals to the main thread alone.
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._note) for s in self.SIGNALS}
        return self

    def __exit__(self, *_):
        self._restore()

    def _note(self, number, frame):
        self.requested = number
        self._restore()

    def _restore(self):
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if self.requested is not None:
            self.model.stop_training = True
