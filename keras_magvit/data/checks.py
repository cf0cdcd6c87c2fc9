"""What users pass to a dataset, checked once."""

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np


def at_least(least: float, **values: float) -> None:
    """Raises ValueError unless every value is a number and at least `least`."""
    for name, value in values.items():
        if not isinstance(value, (int, float, np.number)) or not value >= least:
            raise ValueError(
                f"{name} must be at least {least}. Received: {name}={value!r}"
            )


def one_of(**values: tuple[Any, Sequence[Any]]) -> None:
    """Raises ValueError unless every value is among its choices."""
    for name, (value, choices) in values.items():
        if value not in choices:
            raise ValueError(
                f"{name} must be one of {list(choices)}. Received: {name}={value!r}"
            )


def frame_size(size: Any) -> tuple[int, int]:
    """Returns `(H, W)`; raises ValueError unless it is two positive ints."""
    try:
        height, width = (int(side) for side in size)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise ValueError(f"size must be (H, W), both positive. Received: size={size!r}")
    return height, width


def not_empty(source: Sized) -> None:
    """Raises ValueError for a source without videos."""
    if len(source) == 0:
        raise ValueError(
            f"The source must have at least one video. Received: source={source!r}"
        )


def batch_size(size: int, available: int | None) -> None:
    """Raises ValueError unless a batch can be filled.

    Args:
        size: the batch size.
        available: how many examples there are; None for an endless stream.
    """
    at_least(1, batch_size=size)
    if available is not None and size > available:
        raise ValueError(
            f"batch_size must be at most the number of examples, {available}. "
            f"Received: batch_size={size}"
        )


def augmented(video: object, shape: tuple[int, ...]) -> np.ndarray:
    """Returns a user's augmented clip as float32, clipped to [0, 1].

    Raises:
        ValueError: if it has another shape or dtype, or values that are not finite.
    """
    video = np.asarray(video)
    if video.shape != shape or video.dtype.kind != "f":
        raise ValueError(
            f"augment must return a float array of shape {shape}. "
            f"Received: {video.dtype} array of shape {video.shape}"
        )
    if not np.isfinite(video).all():
        raise ValueError("augment must return finite values. Received: NaN or infinity")
    return np.clip(video, 0, 1).astype(np.float32)
