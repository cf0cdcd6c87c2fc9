"""The gate: what users hand to public methods is checked and converted here, once.

Everything behind it may assume float32 videos in [0, 1] and int32 ids in range.
"""

import keras
import numpy as np
from keras import ops

from keras_magvit import backend

# Float videos may leave [0, 1] by this much: resizing rounds.
_RANGE_TOLERANCE = 1e-5


def _as_array_like(value, name):
    if isinstance(value, (list, tuple)):
        value = np.asarray(value)
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        raise ValueError(
            f"`{name}` must be an array. Received: {name} of type {type(value)}"
        )
    return value


def _dtype_name(value):
    # numpy dtype, jax dtype, `tf.float32` (has .name) or `torch.float32`.
    return keras.backend.standardize_dtype(value.dtype)


def as_video(value, name="video", *, strides=(1, 1, 1)):
    """Checks a batch of clips and returns it as float32.

    Args:
        value: `(B, T, H, W, 3)`, uint8 in 0..255 or float in [0, 1].
        name: what to call it in errors.
        strides: `(t, h, w)`; T, H and W must be multiples of these.

    Returns:
        float32 tensor of the same shape, in [0, 1].

    Raises:
        ValueError: on another rank, an empty axis, a size that `strides` does not
            divide, another dtype, NaN or values outside the range.
    """
    value = _check_video(value, name, strides)
    if _dtype_name(value) == "uint8":
        return ops.cast(ops.convert_to_tensor(value), "float32") / 255.0
    video = ops.cast(ops.convert_to_tensor(value), "float32")
    if backend.is_concrete(video):
        # XLA's minimum on a CPU passes over NaN, so NaN is put where it is noticed.
        marked = ops.where(ops.isnan(video), np.inf, video)
        # Through numpy: PyTorch warns when a float is made of what carries a gradient.
        low, high = (ops.convert_to_numpy(f(marked)) for f in (ops.min, ops.max))
        _check_unit_range(float(low), float(high), name)
    return video


def as_host_video(value, name="video", *, strides=(1, 1, 1)):
    """As `as_video`, for clips that stay on the host: a float32 numpy array."""
    value = _check_video(value, name, strides)
    if not isinstance(value, np.ndarray):
        value = np.asarray(ops.convert_to_numpy(value))
    if value.dtype == np.uint8:
        return value / np.float32(255)
    video = value.astype("float32", copy=False)
    _check_unit_range(float(video.min()), float(video.max()), name)
    return video


def _check_video(value, name, strides):
    """The array, if its shape and dtype are those of clips."""
    value = _as_array_like(value, name)
    shape = tuple(value.shape)
    if len(shape) != 5 or shape[-1] != 3:
        raise ValueError(
            f"`{name}` must have shape (batch, frames, height, width, 3). "
            f"Received: {name}.shape={shape}"
        )
    if 0 in shape:
        raise ValueError(f"`{name}` must not be empty. Received: {name}.shape={shape}")
    for axis, size, stride in zip(
        ("frames", "height", "width"), shape[1:4], strides, strict=True
    ):
        if size is not None and size % stride:
            raise ValueError(
                f"The {axis} of `{name}` must be a multiple of {stride}. "
                f"Received: {name}.shape={shape}"
            )
    dtype = _dtype_name(value)
    if dtype != "uint8" and not dtype.startswith(("float", "bfloat")):
        raise ValueError(
            f"`{name}` must be uint8 in 0..255 or float in [0, 1]. "
            f"Received: {name}.dtype={dtype}"
        )
    return value


def _check_unit_range(low, high, name):
    # NaN fails both comparisons, so the test is written to be true for good values.
    if not (low >= -_RANGE_TOLERANCE and high <= 1 + _RANGE_TOLERANCE):
        raise ValueError(
            f"`{name}` must be finite and within [0, 1]; divide 0..255 by 255 or pass "
            f"uint8. Received: {name} with minimum {low} and maximum {high}"
        )


def as_ids(value, size, name="ids", *, rank=4):
    """Checks token ids and returns them as int32.

    Args:
        value: integers of rank `rank`, in `[0, size)`.
        size: number of valid ids.
        name: what to call it in errors.
        rank: required rank.

    Returns:
        int32 tensor.

    Raises:
        ValueError: on another rank or dtype, an empty axis, or an id out of range.
    """
    value = _as_array_like(value, name)
    shape = tuple(value.shape)
    if len(shape) != rank or 0 in shape:
        raise ValueError(
            f"`{name}` must be a non-empty array of rank {rank}. "
            f"Received: {name}.shape={shape}"
        )
    if "int" not in _dtype_name(value):
        raise ValueError(
            f"`{name}` must be integers. Received: {name}.dtype={_dtype_name(value)}"
        )
    if isinstance(value, np.ndarray):  # before a cast could wrap large ids
        low, high = int(value.min()), int(value.max())
        value = value.clip(-1, size).astype("int32")
    ids = ops.cast(ops.convert_to_tensor(value), "int32")
    if backend.is_concrete(ids):
        if not isinstance(value, np.ndarray):
            low, high = int(ops.min(ids)), int(ops.max(ids))
        if low < 0 or high >= size:
            raise ValueError(
                f"`{name}` must lie in [0, {size}). "
                f"Received: {name} with minimum {low} and maximum {high}"
            )
    return ids


def as_labels(value, batch_size, num_classes):
    """Checks class labels and returns them as a host array of `(batch_size,)` int32.

    Args:
        value: an int for the whole batch, or one int a clip.
        batch_size: number of clips; None takes it from `value`.
        num_classes: labels lie in `[0, num_classes)`.

    Raises:
        ValueError: if missing, of another count or dtype, or out of range.
    """
    if value is None:
        raise ValueError(
            "This task needs class labels: pass `labels`, one int in "
            f"[0, {num_classes}) a clip. Received: labels=None"
        )
    labels = np.asarray(value)
    if labels.size == 0 or labels.ndim > 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be an int or a list of ints. Received: labels={value!r}"
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"`labels` must lie in [0, {num_classes}). Received: labels={value!r}"
        )
    if labels.ndim == 0:
        labels = labels[None].repeat(batch_size or 1)
    if batch_size is not None and len(labels) != batch_size:
        raise ValueError(
            f"`labels` must hold one label for each of {batch_size} clips. "
            f"Received: labels={value!r}"
        )
    return labels.astype("int32")
