"""A batch of stage 2, checked: clips or ids, and what stands beside them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_magvit import inputs, tasks


class Clips(NamedTuple):
    """A batch that fits the model.

    Attributes:
        video: tensor `(B, T, H, W, 3)`, or None if it came as ids.
        ids: int32 host array `(B, t, h, w)`.
        cond_ids: task name -> int32 host array `(B, t, h, w)`.
        labels: int32 host array `(B,)`, or None if no task reads them.
    """

    video: object
    ids: np.ndarray
    cond_ids: Mapping[str, np.ndarray]
    labels: np.ndarray | None


def read_batch(batch, model, uses_class, tokenize):
    """Checks a batch; see `ExampleMaker` for what it may hold.

    Args:
        batch: dict, clips alone, or a tuple of one of these.
        model: a `MAGVIT`.
        uses_class: whether a label is needed for every clip.
        tokenize: function of a video tensor -> int32 host array `(B, t, h, w)`.

    Returns:
        `Clips`.

    Raises:
        ValueError: if the batch does not fit the model; the message names the key.
    """
    batch = _as_dict(batch)
    if "ids" in batch:
        video, ids = None, _ids(batch["ids"], "ids", model)
    else:
        video = _video(batch["video"], model)
        ids = tokenize(video)
    cond_ids = {
        tasks.get(name).name: _ids(value, f"cond_ids[{name!r}]", model)
        for name, value in (batch.get("cond_ids") or {}).items()
    }
    for name, value in cond_ids.items():
        if len(value) != len(ids):
            raise ValueError(
                "`cond_ids` must have as many rows as `ids`. Received: "
                f"{len(value)} of {name!r} for {len(ids)} clips"
            )
    labels = _labels(batch, len(ids), model) if uses_class else None
    return Clips(video, ids, cond_ids, labels)


def int32(array):
    """A host array as int32."""
    return np.asarray(array, "int32")


def _as_dict(batch):
    if isinstance(batch, (tuple, list)) and len(batch) == 1:
        (batch,) = batch
    if hasattr(batch, "shape"):
        batch = {"video": batch}
    if not isinstance(batch, Mapping) or not {"video", "ids"} & set(batch):
        found = sorted(batch) if isinstance(batch, Mapping) else type(batch)
        raise ValueError(
            "A batch must be a dict with 'video' or 'ids', and 'label' where a task "
            f"uses the class. Received: {found}"
        )
    return batch


def _video(value, model):
    video = inputs.as_video(_to_numpy(value))
    if tuple(video.shape[1:4]) != model.video_shape:
        raise ValueError(
            "`video` must have the model's frames, height and width "
            f"{model.video_shape}. Received: video.shape={tuple(video.shape)}"
        )
    return video


def _ids(value, name, model):
    value = _to_numpy(value)
    inputs.as_ids(value, model.vocabulary.codebook_size, name)
    if value.shape[1:] != model.latent_shape:
        raise ValueError(
            f"`{name}` must have the model's latent shape "
            f"{model.latent_shape}. Received: shape={value.shape}"
        )
    return int32(value)


def _labels(batch, size, model):
    if batch.get("label") is None:
        raise ValueError(
            "A model with class tasks needs a 'label' for every clip. "
            f"Received: a batch with {sorted(batch)}"
        )
    labels = _to_numpy(batch["label"])
    if labels.shape != (size,):
        raise ValueError(
            f"`label` must hold one label for each of {size} clips. "
            f"Received: label.shape={labels.shape}"
        )
    return inputs.as_labels(labels, size, model.num_classes)


def _to_numpy(value):
    return value if isinstance(value, np.ndarray) else ops.convert_to_numpy(value)
