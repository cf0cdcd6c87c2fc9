"""Metrics of a part of a video: what a task generated, what it was given, the border."""

import keras
from keras import ops

from keras_magvit import inputs
from keras_magvit.metrics.image_quality import decibels

_PARTS = ("generated", "given")


def region_psnr(real, fake, video_mask, part="generated"):
    """Peak signal-to-noise ratio over a part of every video, in dB.

    Of the squared error of all pixels of the part, in all frames: a frame may have none.

    Args:
        real: `(B, T, H, W, 3)`, uint8 or float in [0, 1].
        fake: the same shape.
        video_mask: bool, broadcastable to `(B, T, H, W, 1)`; True where given, as
            `VideoTask.condition` returns it.
        part: "generated", what the mask leaves open; or "given", which a model may
            change, unless it keeps the condition.

    Returns:
        float32 `(B,)`; infinite where all is equal, NaN where the part is empty.

    Raises:
        ValueError: on different shapes, NaN, values out of range, a mask that does not
            fit, or another part.

    Example:
        >>> condition = km.tasks.get("IPC").condition(clip, model.latent_shape)
        >>> scores = km.metrics.region_psnr(clip, 0.9 * clip, condition.video_mask)
    """
    if part not in _PARTS:
        raise ValueError(f"`part` must be one of {_PARTS}. Received: part={part!r}")
    real, fake, given = _checked(real, fake, video_mask)
    measured = given if part == "given" else 1.0 - given
    return decibels(_mean_over(measured, ops.square(real - fake)))


def border_seam(real, fake, video_mask):
    """How much more neighbours differ across the border of the region than they should.

    The mean difference of pixels that are neighbours in time, height or width, one given
    and the other generated, less the same of the real video.

    Args:
        real: `(B, T, H, W, 3)`, uint8 or float in [0, 1].
        fake: the same shape. To see how generated pixels join the given ones, let the
            model keep the condition.
        video_mask: bool, broadcastable to `(B, T, H, W, 1)`; True where given.

    Returns:
        float32 `(B,)` in [-1, 1], in units of the pixels' range: 0 is as smooth as the
        real video; NaN where there is no border.

    Raises:
        ValueError: as in `region_psnr`.

    Example:
        >>> condition = km.tasks.get("IPC").condition(clip, model.latent_shape)
        >>> seam = km.metrics.border_seam(clip, clip, condition.video_mask)
    """
    real, fake, given = _checked(real, fake, video_mask)
    total = count = 0.0
    for axis in (1, 2, 3):
        across = ops.abs(_step(given, axis))
        jump = ops.abs(_step(fake, axis)) - ops.abs(_step(real, axis))
        total = total + ops.sum(across * jump, axis=(1, 2, 3, 4))
        count = count + 3.0 * ops.sum(across, axis=(1, 2, 3, 4))
    return total / count


def _step(x, axis):
    """Difference of every place to the one before it."""
    return ops.diff(x, axis=axis)


def _mean_over(where, values):
    axes = (1, 2, 3, 4)
    return ops.sum(where * values, axis=axes) / (3.0 * ops.sum(where, axis=axes))


def _checked(real, fake, video_mask):
    """Float32 videos, and the mask as float32 `(B, T, H, W, 1)`."""
    real, fake = inputs.as_video(real, "real"), inputs.as_video(fake, "fake")
    shape = tuple(real.shape)
    if tuple(fake.shape) != shape:
        raise ValueError(
            "`real` and `fake` must have the same shape. "
            f"Received: real.shape={shape}, fake.shape={tuple(fake.shape)}"
        )
    given = ops.convert_to_tensor(video_mask)
    dtype = keras.backend.standardize_dtype(given.dtype)
    wanted = (*shape[:-1], 1)
    if dtype != "bool" or not _fits(tuple(given.shape), wanted):
        raise ValueError(
            f"`video_mask` must be bool and broadcastable to {wanted}. "
            f"Received: video_mask.shape={tuple(given.shape)}, "
            f"video_mask.dtype={dtype}"
        )
    return real, fake, ops.broadcast_to(ops.cast(given, "float32"), wanted)


def _fits(shape, wanted):
    pairs = zip(shape, wanted, strict=True)
    return len(shape) == len(wanted) and all(s in (1, w) for s, w in pairs)
