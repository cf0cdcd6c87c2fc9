"""What stands where nothing is given: `(video, mask, region) -> video`.

`video` is `(B, T, H, W, 3)`, `mask` bool and broadcastable to it, True where given.
"""

import numpy as np
from keras import ops

from keras_magvit.tasks.regions import Box, Frames


def zero(video, mask, region):
    """Black."""
    del region
    return ops.where(mask, video, 0.0)


def edge(video, mask, region):
    """The nearest given pixel: last given frame, or border of the given box."""
    del mask
    _, frames, height, width, _ = video.shape
    if isinstance(region, Frames) and region.first and not region.last:
        return _take(video, np.arange(frames), 0, region.first, axis=1)
    if isinstance(region, Box) and not region.moving:
        top, bottom, left, right = region.bounds(frames, height, width)
        video = _take(video, np.arange(height), top, bottom, axis=2)
        return _take(video, np.arange(width), int(left[0]), int(right[0]), axis=3)
    raise ValueError(
        "Padding 'edge' needs first frames or a box that does not move; use 'zero'. "
        f"Received: region={region}"
    )


def _take(video, index, start, stop, axis):
    return ops.take(video, np.clip(index, start, stop - 1), axis=axis)


def interpolate(video, mask, region):
    """Linear in time from the last frame given at the start to the first at the end."""
    if not (isinstance(region, Frames) and region.first and region.last):
        raise ValueError(
            "Padding 'interpolate' needs given frames at both ends. "
            f"Received: region={region}"
        )
    frames = video.shape[1]
    start = video[:, region.first - 1 : region.first]
    end = video[:, frames - region.last : frames - region.last + 1]
    missing = frames - region.first - region.last
    # 0 up to the last given frame, 1 from the first given one at the end.
    step = np.clip(np.arange(frames) - region.first + 1, 0, missing + 1)
    fraction = (step / (missing + 1)).astype("float32")[None, :, None, None, None]
    fraction = ops.convert_to_tensor(fraction)
    return ops.where(mask, video, start + (end - start) * fraction)
