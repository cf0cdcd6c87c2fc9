"""How fast a training is, and when it will be over."""

import math
import time

from keras_magvit.training.stepping import StepCallback, plain_logs


class Progress(StepCallback):
    """Tells a line now and then, and adds rates to the epoch's logs.

    The logs get `clips_per_second` and `tokens_per_second`, of the steps alone, and
    `seconds`, since this run began. Put it in front of the callbacks that write them.

    Args:
        steps: of the whole training.
        batch_size: clips a step.
        latent_shape: `(t, h, w)` of a clip.
        step: steps done before this `fit`.
        every_seconds: between two lines.
        shown: names of the logs that the line shows.
        write: function of a line.
    """

    def __init__(
        self,
        steps,
        batch_size,
        latent_shape,
        step=0,
        every_seconds=60.0,
        shown=("loss", "generator_total", "psnr", "masked_accuracy"),
        write=print,
    ):
        super().__init__(step)
        self.steps = steps
        self.batch_size = batch_size
        self.tokens = math.prod(latent_shape)
        self.every_seconds = every_seconds
        self.shown = shown
        self.write = write
        self._begun = self._told = None
        self._timed = (None, step)  # end of the first step: it may have compiled

    def on_train_begin(self, logs=None):
        self._begun = self._begun or time.monotonic()
        self._told = self._told or self._begun

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self._epoch = None

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        now = time.monotonic()
        if self._timed[0] is None:
            self._timed = (now, self.step)
        if self._epoch is None:
            self._epoch = (now, self.step)
        self._last = now
        if now - self._told >= self.every_seconds or self.step == self.steps:
            self._told = now
            self.write(self._line(plain_logs(logs), now))

    def on_epoch_end(self, epoch, logs=None):
        if logs is None or self._epoch is None:
            return
        rate = _rate(self._epoch, (self._last, self.step)) * self.batch_size
        if rate:
            logs["clips_per_second"] = rate
            logs["tokens_per_second"] = rate * self.tokens
        logs["seconds"] = time.monotonic() - self._begun

    def _line(self, logs, now):
        parts = [f"step {self.step:,}/{self.steps:,}"]
        parts += [f"{name} {logs[name]:.4g}" for name in self.shown if name in logs]
        # Over everything since the first step, so that validation and pictures count.
        rate = _rate(self._timed, (now, self.step))
        if rate:
            clips = rate * self.batch_size
            parts += [f"{clips:.3g} clips/s", f"{clips * self.tokens:,.0f} tokens/s"]
            parts += [f"{duration((self.steps - self.step) / rate)} left"]
        return "  ".join(parts)


def _rate(first, last):
    """Steps a second between two `(time, step)`; 0 where nobody knows."""
    (began, start), (ended, end) = first, last
    return (end - start) / (ended - began) if end > start and ended > began else 0.0


def duration(seconds):
    """Seconds as text: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    seconds = round(seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 2:
        return f"{seconds} s"
    if hours < 2:
        return f"{minutes} min"
    if days < 2:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"
