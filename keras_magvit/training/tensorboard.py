"""A training in TensorBoard: losses, and the videos of the sample grids."""

from keras_magvit.training.attempt import Attempt
from keras_magvit.training.event_file import EventFile
from keras_magvit.training.stepping import StepCallback, plain_logs


class TensorBoardLog(StepCallback):
    """Writes logs as scalars; `SampleGrids` hands its pictures over.

    Works alike on every backend, and needs the package tensorboard alone. Steps go by
    their own names, epochs as `epoch/NAME`.

    Args:
        folder: where the event file is made.
        every_steps: steps between two rows of scalars.
        step: steps done before this `fit`.
    """

    def __init__(self, folder, every_steps=20, step=0):
        super().__init__(step)
        self.folder = folder
        self.every_steps = every_steps
        self._attempt = Attempt("TensorBoard's event file")
        self._file = None

    def on_train_batch_end(self, batch, logs=None):
        before = self.step
        super().on_train_batch_end(batch, logs)
        if self.step // self.every_steps > before // self.every_steps:
            self.numbers(plain_logs(logs))

    def on_epoch_end(self, epoch, logs=None):
        logs = plain_logs(logs)
        self.numbers({f"epoch/{name}": value for name, value in logs.items()})

    def numbers(self, values):
        """Writes a dict of floats at the present step."""
        with self._attempt:
            self._opened().numbers(self.step, values)

    def picture(self, tag, data, height, width):
        """Writes the bytes of a PNG or an animated GIF of that size."""
        with self._attempt:
            self._opened().picture(self.step, tag, data, height, width)

    def _opened(self):
        if self._file is None:
            self._file = EventFile(self.folder, self.step)
        return self._file
