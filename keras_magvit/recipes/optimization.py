"""Learning rates and optimizers."""

import keras


def warmup_cosine(peak, steps=None, warmup_steps=0):
    """Linear warm-up to `peak`, then a cosine decay to zero.

    Args:
        peak: the highest rate.
        steps: all training steps, warm-up included; None keeps the peak.
        warmup_steps: steps of the warm-up.

    Returns:
        A `keras` schedule, or `peak` itself if it never changes.

    Raises:
        ValueError: if the warm-up does not fit into `steps`.
    """
    if steps is None and not warmup_steps:
        return peak
    if steps is None:
        steps = 2**31 + warmup_steps  # the decay never begins to show
    if not 0 <= warmup_steps < steps:
        raise ValueError(
            "`warmup_steps` must be in [0, steps). "
            f"Received: warmup_steps={warmup_steps}, steps={steps}"
        )
    if not warmup_steps:
        return keras.optimizers.schedules.CosineDecay(peak, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup_steps, warmup_target=peak, warmup_steps=warmup_steps
    )
