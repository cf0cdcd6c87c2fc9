"""What a training would take: sizes, memory, time."""

import math
import sys
import time

_STEPS = 3  # the first compiles


def report(training, console):
    """Prints sizes, runs a few steps, and prints what they took; writes nothing.

    Args:
        training: `training.Training`.
        console: where to.
    """
    plan = training.plan
    for name, part in training.parts.items():
        console.say(f"{name:<15} {part.count_params() / 1e6:9.3f}M parameters")
    model = training.model
    weights = _bytes(model.variables)
    optimizer = _bytes(model.optimizer.variables)
    gradients = _bytes(model.trainable_variables)
    console.say(
        f"memory          weights and averages {_size(weights)}, optimizers "
        f"{_size(optimizer)}, gradients {_size(gradients)}"
    )
    console.say(
        f"training state  {_size(weights + optimizer)} on the disk, two are kept"
    )
    before = _peak_memory()
    batch, seconds_a_batch = _timed_batch(training)
    first, step = _timed_steps(training, batch)
    peak = _peak_memory()
    if peak:
        console.say(
            f"                activations and the rest {_size(peak - before)} by the "
            f"growth of the process to {_size(peak)}"
        )
    console.say(
        f"one batch       {seconds_a_batch:.2f} s to make {plan.batch_size} clips"
    )
    console.say(f"one step        {step:.2f} s; the first, compiled, {first:.1f} s")
    from keras_magvit.training.progress import duration

    total = duration(plan.steps * max(step, seconds_a_batch))
    console.say(
        f"the training    {plan.steps:,} steps of {plan.batch_size} clips, warm-up "
        f"{plan.warmup_steps:,}: about {total}, validation and samples aside"
    )


def _timed_batch(training):
    """A batch, and the seconds that a second one takes."""
    batches = training.batches(0)
    try:
        batch = next(batches)
        start = time.perf_counter()
        next(batches)
        return batch, time.perf_counter() - start
    finally:
        batches.close()


def _timed_steps(training, batch):
    """Seconds of the first step, and of the quickest of the others."""
    import keras

    ends = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, step, logs=None):
            float(next(iter(logs.values())))  # waits for what is computed
            ends.append(time.perf_counter())

    start = time.perf_counter()
    training.model.fit(
        _repeated(batch),
        steps_per_epoch=_STEPS,
        epochs=1,
        callbacks=[Clock()],
        verbose=0,
    )
    laps = [end - begin for begin, end in zip([start, *ends], ends, strict=False)]
    return laps[0], min(laps[1:])


def _repeated(batch):
    """Keras takes a generator as a stream, and a list as arrays."""
    for _ in range(_STEPS):
        yield (batch,)


def _bytes(variables):
    # Variables are float32 under every mixed policy; others are few.
    widths = {"bfloat16": 2, "float16": 2, "float64": 8, "int64": 8}
    return sum(math.prod(v.shape) * widths.get(v.dtype, 4) for v in variables)


def _peak_memory():
    """Largest size of this process so far, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _size(count):
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.3g} {unit}"
        count /= 1000
    return ""
