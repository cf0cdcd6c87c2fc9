"""Checked batches of one size from whatever the user gave."""

from collections.abc import Mapping

import numpy as np
from keras import ops


def full_batches(videos, size, name, check):
    """Batches for a network that is compiled for every shape.

    Args:
        videos: an array `(N, T, H, W, 3)`, or an iterable of batches of any size, or of
            dicts with "video".
        size: videos of a batch.
        name: what errors call the videos.
        check: function `(batch, name)` that returns the batch as the network wants it.

    Yields:
        `(batch, count)`: numpy `(size, T, H, W, 3)`, and how many of them count: a
        smaller batch is filled up with its last video.

    Raises:
        ValueError: on a dict, and whatever `check` raises.
    """
    if hasattr(videos, "shape"):
        videos = [videos]
    elif isinstance(videos, Mapping):
        raise ValueError(
            f"`{name}` must be an array or an iterable of batches. "
            f"Received: {name} of type {type(videos)}"
        )
    for given in videos:
        given = given["video"] if isinstance(given, Mapping) else given
        if not hasattr(given, "shape"):
            given = np.asarray(given)
        for start in range(0, max(len(given), 1), size):
            batch = ops.convert_to_numpy(check(given[start : start + size], name))
            fill = np.repeat(batch[-1:], size - len(batch), axis=0)
            yield np.concatenate([batch, fill]), len(batch)
