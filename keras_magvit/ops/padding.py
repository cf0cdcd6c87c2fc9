"""Padding of the T, H and W axes, the same on every backend.

`keras.ops.pad` differs between backends in five dimensions (TensorFlow has no edge mode,
PyTorch cannot reflect the time axis), so borders are built from slices here.
"""

import numpy as np
from keras import ops

from keras_magvit import backend

_BORDER_MODES = ("edge", "reflect")


def pad_video(video, pads, mode):
    """Pads `(B, T, H, W, C)` along T, H and W.

    Args:
        video: float `(B, T, H, W, C)`.
        pads: `((before, after), (before, after), (before, after))` for T, H, W.
        mode: "zero", "edge" (repeats the border) or "reflect" (mirrors without
            repeating the border; an axis of length 1 repeats its only value, as
            `numpy.pad` does).

    Returns:
        The padded tensor.

    Raises:
        ValueError: on an unknown mode.

    Example:
        >>> from keras_magvit.ops.padding import pad_video
        >>> pad_video(clip, ((0, 0), (1, 1), (1, 1)), "reflect").shape[1:4]
    """
    if mode == "zero":
        return ops.pad(video, ((0, 0), *pads, (0, 0)))
    if mode not in _BORDER_MODES:
        raise ValueError(
            f"`mode` must be 'zero', 'edge' or 'reflect'. Received: mode={mode!r}"
        )
    if (mirrored := backend.mirror_pad(video, pads, mode)) is not None:
        return mirrored
    for axis, (before, after) in enumerate(pads, start=1):
        if before or after:
            video = _pad_axis(video, axis, before, after, mode)
    return video


def _pad_axis(video, axis, before, after, mode):
    # While a graph with an unknown size is traced, any size beyond the pad will do.
    size = video.shape[axis] or 2 * (before + after) + 2
    source = np.pad(np.arange(size), (before, after), mode)
    first = [_slice(video, axis, i) for i in source[:before]]
    # Counted from the end, so that the slices hold for an unknown size too.
    last = [_slice(video, axis, i - size) for i in source[before + size :]]
    return ops.concatenate([*first, video, *last], axis=axis)


def _slice(video, axis, index):
    index = int(index)
    stop = index + 1 or None  # -1 + 1 would be an empty slice
    return video[(slice(None),) * axis + (slice(index, stop),)]
