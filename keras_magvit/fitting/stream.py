"""Batches on their way into a `fit`, numbered and checked."""

from keras_magvit.fitting import sources


class Stream:
    """What one `fit` reads; an error of the user's data leaves it as it was raised.

    TensorFlow reads generators inside its pipeline, which wraps what they raise.

    Args:
        make: function `(batch, step) -> tuple` of what a step reads.
        x: see `sources.training_batches`.
        batch_size: the same.
        start: number of the first step.
        batches: iterable of batches in place of those of training.
        devices: among which each batch is divided.
    """

    def __init__(self, make, x, batch_size, start=0, batches=None, devices=1):
        self.make, self.x, self.start = make, x, start
        self.devices = devices
        if batches is None:
            batches = sources.training_batches(x, batch_size, start)
        self.batches = batches
        self.error = None

    def examples(self):
        """A generator, as Keras asks for."""
        made = None
        try:
            for step, batch in enumerate(self.batches, self.start):
                made = tuple(self.make(batch, step))
                check_shares(len(made[0]), self.devices)
                yield made
            if made is None:
                raise empty(self.x)
        except Exception as error:
            self.error = error
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.error is not None and error is not self.error:
            raise self.error from None


def empty(x):
    """The error for a dataset without a batch."""
    return ValueError(
        f"A dataset must hold at least one batch. Received: an empty {type(x).__name__}"
    )


def check_shares(rows, devices):
    """Raises ValueError if the rows of a batch have no equal shares for the devices."""
    if rows % devices:
        raise ValueError(
            f"A batch must be a multiple of the {devices} devices among which it is "
            f"divided. Received: a batch of {rows} clips"
        )


def batch_size_of(x, given, usual):
    """Clips a step: as given, or the recipe's, or all there are if these are fewer."""
    if given is not None or not isinstance(x, sources.ArrayDataset):
        return given or usual
    return min(usual, len(x))


def steps_of_epoch(x, batch_size, steps_per_epoch):
    """Steps of an epoch as they are given, or as many as one pass over `x` has.

    Raises:
        ValueError: if neither is known, or `x` is empty.
    """
    steps = steps_per_epoch
    if steps is None:
        steps = sources.steps_of(x, batch_size)
    if steps is None:
        raise ValueError(
            "The length of `x` is unknown: pass `steps_per_epoch`. "
            f"Received: x={type(x).__name__}"
        )
    if not steps:
        raise empty(x)
    return steps
