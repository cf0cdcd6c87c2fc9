"""What a result belongs to: hashes of models, networks and datasets."""

import hashlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

# Of a larger dataset, as many videos, spread evenly, stand for all.
_FINGERPRINTS = 4096


def weights_sha256(*models) -> str:
    """The SHA-256 of all weights as float32, in their order: alike on every backend."""
    hashed = hashlib.sha256()
    for model in models:
        for weight in model.weights:
            array = ops.convert_to_numpy(ops.cast(weight, "float32"))
            hashed.update(f"{array.shape}".encode())
            hashed.update(np.ascontiguousarray(array).tobytes())
    return hashed.hexdigest()


def networks_of(model):
    """`(tokenizer, transformer or None)` of a `MAGVIT` or a `VideoTokenizer`."""
    return getattr(model, "tokenizer", model), getattr(model, "transformer", None)


def model_identity(model) -> dict[str, Any]:
    """What a model's results depend on, as plain data."""
    networks = [network for network in networks_of(model) if network is not None]
    return {
        "kind": type(model).__name__,
        "weights_sha256": weights_sha256(*networks),
        "parameters": int(sum(network.count_params() for network in networks)),
        "config": _without_names(model.get_config()),
        "backend": keras.config.backend(),
        "dtype": networks[-1].dtype_policy.name,
    }


def dataset_identity(dataset) -> dict[str, Any]:
    """What the clips of a `ClipDataset` depend on, as plain data."""
    source = dataset.source
    count = len(source)
    hashed = hashlib.sha256()
    for place in range(min(count, _FINGERPRINTS)):
        index = place * count // min(count, _FINGERPRINTS)
        words = f"{source.key(index)}\0{source.fingerprint(index)}\n"
        hashed.update(words.encode(errors="surrogateescape"))
    return {
        "name": dataset.name,
        "source": type(source).__name__,
        "num_videos": count,
        "fingerprint": hashed.hexdigest(),
        "stride": dataset.stride,
        "num_frames": dataset.num_frames,
        "size": list(dataset.size),
    }


def _without_names(config):
    """A config without the names of objects, which count up within a process."""
    if isinstance(config, Mapping):
        return {k: _without_names(v) for k, v in config.items() if k != "name"}
    if isinstance(config, (list, tuple)):
        return [_without_names(value) for value in config]
    return config
