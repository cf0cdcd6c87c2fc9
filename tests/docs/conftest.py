"""The names that every example of the documentation may use."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.tasks import registry


@pytest.fixture(scope="package")
def model(tiny_model):
    """One for all examples, which may train it."""
    return tiny_model()


@pytest.fixture
def namespace(model, clips, tmp_path, monkeypatch):
    """What docs/api/index.md promises, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    # Tasks that an example registers are gone with it.
    monkeypatch.setattr("keras_magvit.tasks.registry._tasks", dict(registry._tasks))
    clip = clips()
    source = km.data.MovingShapes(8, num_frames=4, size=(16, 16), labels="shape")
    dataset = km.data.ClipDataset(source, num_frames=4, size=(16, 16))
    return {
        "km": km,
        "keras": keras,
        "np": np,
        "model": model,
        "tokenizer": model.tokenizer,
        "transformer": {
            **{"num_layers": 1, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 64},
        },
        "discriminator": km.VideoDiscriminator(8, (2, 2), video_shape=(4, 16, 16)),
        "clip": clip,
        "ids": model.tokenizer.encode(clip),
        "condition": km.tasks.get("IPC").condition(clip, model.latent_shape),
        "dataset": dataset,
    }
