"""Models to train, and tokenized clips to train them on."""

import keras
import numpy as np
import pytest

import keras_magvit as km

TRANSFORMER = {
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 32,
    "mlp_dim": 64,
    "dropout": 0.0,
    "attention_dropout": 0.0,
}


@pytest.fixture(scope="session")
def new_model(shared_tokenizer):
    """Builds a freshly initialised model of 5 classes around the tiny tokenizer."""

    def build(tasks=("frame_prediction", "class_generation"), seed=0, **kwargs):
        keras.utils.set_random_seed(seed)
        arguments = {"num_classes": 5, "sampling": {"num_steps": 3}, **kwargs}
        return km.MAGVIT(shared_tokenizer, TRANSFORMER, tasks=tasks, **arguments)

    return build


@pytest.fixture(scope="session")
def tokens():
    """Random tokenized clips with the conditions of frame prediction."""

    def make(count=4, seed=0):
        rng = np.random.default_rng(seed)
        grid = (count, 2, 4, 4)
        return {
            "ids": rng.integers(0, 32, grid).astype("int32"),
            "cond_ids": {"frame_prediction": rng.integers(0, 32, grid).astype("int32")},
            "label": rng.integers(0, 5, count).astype("int32"),
        }

    return make
