"""What a cache depends on, as plain data that can be compared."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_magvit.data.cache import CachedSource

if TYPE_CHECKING:
    from keras_magvit.data.clip_dataset import ClipDataset

# What a config holds that is compared on its own, or not at all: the tokenizer is fully
# convolutional, so that the size of the clips counts and not that of the config.
_NEUTRAL = ("name", "trainable", "dtype", "video_shape")


def of_tokenizer(tokenizer: Any) -> dict[str, Any]:
    """Describes what decides a tokenizer's ids.

    Args:
        tokenizer: a `VideoTokenizer`.

    Returns:
        `weights`, a hash, and `config`; equal on every backend for equal weights. And
        `dtype`: in another precision a few ids differ, and are as good.
    """
    digest = hashlib.sha256()
    for weight in tokenizer.weights:
        array = np.ascontiguousarray(_to_numpy(weight))
        digest.update(f"{array.dtype} {array.shape} ".encode())
        digest.update(array.tobytes())
    config = _plain(tokenizer.get_config())
    config["quantizer"] = {
        "class_name": config["quantizer"]["class_name"],
        "config": _without_neutral(config["quantizer"]["config"]),
    }
    return {
        "weights": digest.hexdigest(),
        "config": _without_neutral(config),
        "dtype": tokenizer.dtype_policy.name,
    }


def of_condition(task: Any, video_shape: tuple[int, int, int]) -> str:
    """Describes what decides a task's condition video: its mask and its padding.

    Args:
        task: a `VideoTask`.
        video_shape: `(T, H, W)`.

    Returns:
        A hash; tasks that give the same pixels in the same way have the same.
    """
    mask = np.broadcast_to(task.region.mask(*video_shape), video_shape)
    padding = task.padding
    name = padding if isinstance(padding, str) else padding.__qualname__
    digest = hashlib.sha256(f"{name} {video_shape} ".encode())
    digest.update(np.packbits(mask).tobytes())
    return digest.hexdigest()[:16]


def of_dataset(dataset: "ClipDataset") -> dict[str, Any]:
    """Describes what decides the clips of a dataset: its videos and its settings."""
    source = dataset.source
    augment: Any = dataset.augment
    if isinstance(source, CachedSource):  # gives the same clips, sooner
        source = source.source
    digest = hashlib.sha256()
    for index in range(len(source)):
        digest.update(f"{source.key(index)}\0{source.fingerprint(index)}\0".encode())
    return _plain(
        {
            "name": dataset.name,
            "source": type(source).__name__,
            "num_videos": len(source),
            "videos": digest.hexdigest(),
            "class_names": dataset.class_names,
            "labels": [dataset._classes(label) for label in range(source.num_classes)],
            "num_frames": dataset.num_frames,
            "stride": dataset.stride,
            "size": dataset.size,
            "training": dataset.training,
            "seed": dataset.seed if dataset.training else None,
            "crop": dataset.crop,
            "zoom": dataset.zoom,
            "flip": dataset.flip,
            "colour": dataset.colour and repr(dataset.colour),
            "augment": augment and getattr(augment, "__qualname__", repr(augment)),
            "windows_per_video": dataset.windows_per_video,
            "crops_per_video": dataset.crops_per_video,
            "short": dataset.short,
        }
    )


def differences(
    old: dict[str, Any], new: dict[str, Any], keys: Iterable[str] | None = None
) -> list[str]:
    """Lists the entries that differ, as `key: old -> new`, nested ones by path."""
    found = []
    for key in keys or sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            found += [f"{key}.{line}" for line in differences(before, after)]
        elif before != after:
            found.append(f"{key}: {before!r} -> {after!r}")
    return found


def _without_neutral(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _NEUTRAL}


def _plain(value: Any) -> Any:
    """Tuples become lists, as JSON will have them."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _to_numpy(weight: Any) -> np.ndarray:
    from keras import ops

    return ops.convert_to_numpy(weight)
