"""Callbacks that keep a training safe: states on disk, and a guard."""

import collections
import math
import statistics
import time
import warnings

from keras_magvit.training.state import TrainingStateError
from keras_magvit.training.stepping import StepCallback


class SaveState(StepCallback):
    """Writes the training state every so often, and at the end.

    A write that fails, on a full disk perhaps, is reported and tried again at the next
    turn; the training goes on.

    Args:
        state: `TrainingState`.
        step: steps done before this `fit`.
        every_steps: steps between states; None looks at the clock alone.
        every_seconds: seconds between states; None looks at the steps alone.
        notes: kept in every state.

    Example:
        >>> state = km.training.TrainingState("states/")
        >>> saver = km.training.SaveState(state, every_seconds=60.0)
        >>> model.compile(recipe="tiny", steps=1)
        >>> history = model.fit(dataset, batch_size=4, callbacks=[saver], verbose=0)
    """

    def __init__(
        self, state, step=0, every_steps=None, every_seconds=300.0, notes=None
    ):
        super().__init__(step)
        self.state = state
        self.every_steps = every_steps
        self.every_seconds = every_seconds
        self.notes = notes or {}
        self._saved_step = step
        self._saved_at = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        steps = self.step - self._saved_step
        due = self.every_steps is not None and steps >= self.every_steps
        if self.every_seconds is not None:
            due = due or time.monotonic() - self._saved_at >= self.every_seconds
        if due and not self.model.stop_training:  # the guard may have stopped it
            try:
                self._save()
            except TrainingStateError as error:
                warnings.warn(f"{error} Training goes on.", stacklevel=2)
                self._saved_step, self._saved_at = self.step, time.monotonic()

    def on_train_end(self, logs=None):
        if self.step > self._saved_step:
            self._save()

    def _save(self):
        self.sync()
        self.state.save(self.model, self.step, **self.notes)
        self._saved_step, self._saved_at = self.step, time.monotonic()


class TrainingDiverged(ArithmeticError):
    """A loss stopped being a number, or exploded.

    Attributes:
        name: of the loss.
        step: at which it was seen, counted from 1.
        value: that was seen.
        restored_step: of the good state that the model holds now; None if there is none.

    Example:
        >>> try:
        ...     raise km.training.TrainingDiverged("loss", 7, float("nan"), None)
        ... except km.training.TrainingDiverged as error:
        ...     print(error)
    """

    def __init__(self, name, step, value, restored_step):
        self.name, self.step, self.value = name, step, value
        self.restored_step = restored_step
        state = (
            "There was no earlier state to go back to."
            if restored_step is None
            else f"The model holds the state after step {restored_step} again."
        )
        super().__init__(
            f"Training stopped: {name} was {value:g} at step {step}. {state} A lower "
            "learning rate or a higher `r1_cost` usually helps."
        )


class DivergenceGuard(StepCallback):
    """Stops at a loss that is not finite or explodes, and goes back to a good state.

    A state is known to be good when a later step's losses were; the ones after it are
    deleted, so that no later run starts from them.

    Args:
        state: `TrainingState` to go back to; None leaves the model as it is.
        step: steps done before this `fit`.
        explosion: a loss explodes when its magnitude is this many times the median of
            the last 100 (and above 1).

    Raises:
        TrainingDiverged: at the end of the `fit` that it stopped.

    Example:
        >>> guard = km.training.DivergenceGuard(explosion=100.0)
        >>> model.compile(recipe="tiny", steps=1)
        >>> history = model.fit(dataset, batch_size=4, callbacks=[guard], verbose=0)
    """

    WINDOW = 100

    def __init__(self, state=None, step=0, explosion=1000.0):
        super().__init__(step)
        self.state = state
        self.explosion = explosion
        self.found = None
        self._last_good_step = step
        self._mean = (0, 0.0)
        self._history = collections.defaultdict(
            lambda: collections.deque(maxlen=self.WINDOW)
        )

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self._mean = (0, 0.0)

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        for name, value in (logs or {}).items():
            value = float(value)
            if name == "loss":
                value = self._since_last(batch + 1, value)
            if not math.isfinite(value) or self._explodes(name, value):
                self.found = self.found or (name, self.step, value)
                self.model.stop_training = True
            self._history[name].append(abs(value))
        if self.found is None:
            self._last_good_step = self.step

    def _since_last(self, steps, mean):
        """Keras' own loss is the mean since the epoch began, which hides one step."""
        (seen, before), self._mean = self._mean, (steps, mean)
        return (mean * steps - before * seen) / (steps - seen)

    def _explodes(self, name, value):
        seen = self._history[name]
        # Gradient norms and logits may leap for a step; a loss may not.
        if ("loss" not in name and "total" not in name) or len(seen) < 10:
            return False
        usual = max(statistics.median(seen), 1.0)
        return abs(value) > self.explosion * usual

    def on_train_end(self, logs=None):
        if self.found is None:
            return
        raise TrainingDiverged(*self.found, self._go_back())

    def _go_back(self):
        """Restores a state, and returns its step; None if there is none."""
        steps = self.state.steps() if self.state else []
        if not steps:
            return None
        known = [step for step in steps if step < self._last_good_step]
        step = known[-1] if known else steps[0]
        self.state.restore(self.model, step)
        self.state.discard_after(step)
        return step
