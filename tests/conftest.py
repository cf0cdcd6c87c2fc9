"""Shared fixtures: golden data, tolerances, and the record of the parity table."""

import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"
keras.config.disable_traceback_filtering()

# For what no backend changes: `tests.run` runs it with the first backend alone.
once = pytest.mark.skipif(
    os.environ.get("RUN_ONCE") == "", reason="ran with the first backend"
)


class Golden:
    """One golden file: `golden["name"]` is an array, `golden.meta` its description."""

    def __init__(self, name):
        with np.load(GOLDEN / f"{name}.npz") as file:
            self.arrays = dict(file)
        self.meta = json.loads((GOLDEN / f"{name}.meta.json").read_text())

    def __getitem__(self, key):
        return self.arrays[key]

    def __contains__(self, key):
        return key in self.arrays

    def params(self, prefix="params/"):
        """Arrays below `prefix`, by the rest of their names."""
        return {
            key.removeprefix(prefix): self.arrays[key]
            for key in self.arrays
            if key.startswith(prefix)
        }


@pytest.fixture(scope="session")
def golden():
    """Loads a golden file by name, once a session."""
    cache = {}

    def load(name):
        if name not in cache:
            cache[name] = Golden(name)
        return cache[name]

    return load


def relative_error(actual, expected):
    """Largest difference over the largest magnitude of what is expected."""
    actual = np.asarray(keras.ops.convert_to_numpy(actual), "float64")
    expected = np.asarray(expected, "float64")
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    scale = max(np.abs(expected).max(), np.finfo("float32").tiny)
    return float(np.abs(actual - expected).max() / scale)


@pytest.fixture
def close():
    """Asserts agreement within `tolerance` of the largest magnitude."""

    def check(actual, expected, tolerance=1e-4):
        error = relative_error(actual, expected)
        assert error <= tolerance, f"relative error {error:.2e} > {tolerance:.0e}"
        return error

    return check


_parity = {}


@pytest.fixture
def parity(close):
    """Asserts agreement with the official code, and records the error for the docs."""

    def check(module, actual, expected, tolerance=1e-4):
        error = close(actual, expected, tolerance)
        _parity[module] = max(_parity.get(module, 0.0), error)

    return check


@pytest.fixture
def parity_exact():
    """Asserts equality with the official code, and records it for the docs."""

    def check(module, actual, expected):
        actual = keras.ops.convert_to_numpy(actual)
        np.testing.assert_array_equal(actual, expected)
        _parity.setdefault(module, 0)

    return check


def pytest_sessionfinish(session):
    folder = os.environ.get("PARITY_DIR")
    if folder and _parity:
        path = Path(folder) / f"{keras.config.backend()}.json"
        path.write_text(json.dumps(_parity))


def use_features_as_codebook(tokenizer, seed):
    """Makes the codes a sample of the features of random clips, so that all are used."""
    rng = np.random.default_rng(seed)
    clips = rng.random((4, *tokenizer.video_shape, 3), "float32")
    features = keras.ops.convert_to_numpy(tokenizer.encode_features(clips))
    features = features.reshape(-1, tokenizer.embedding_dim)
    rows = rng.choice(len(features), tokenizer.codebook_size, replace=False)
    tokenizer.quantizer.codebook.assign(features[rows])


@pytest.fixture(scope="session")
def tiny_tokenizer():
    """Builds a tokenizer of stride (2, 4, 4) with a codebook of its own features."""
    import keras_magvit as km

    def build(seed=0, **kwargs):
        keras.utils.set_random_seed(seed)
        arguments = {
            "filters": 32,
            "channel_multipliers": (1, 1, 2),
            "temporal_downsample": (True, False),
            "embedding_dim": 8,
            "codebook_size": 32,
            "num_res_blocks": 1,
            "video_shape": (4, 16, 16),
        }
        tokenizer = km.VideoTokenizer(**{**arguments, **kwargs})
        use_features_as_codebook(tokenizer, seed)
        return tokenizer

    return build


@pytest.fixture(scope="session")
def shared_tokenizer(tiny_tokenizer):
    """A tiny tokenizer for tests that only read."""
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def tiny_model(tiny_tokenizer):
    """Builds a whole model that generates in milliseconds."""
    import keras_magvit as km

    def build(seed=0, tokenizer=None, **kwargs):
        tokenizer = tokenizer or tiny_tokenizer(seed)
        keras.utils.set_random_seed(seed)
        arguments = {
            "transformer": {
                "num_layers": 2,
                "num_heads": 2,
                "hidden_dim": 32,
                "mlp_dim": 64,
            },
            "num_classes": 5,
            "tasks": km.tasks.names()[:11],
            "sampling": {"num_steps": 3},
        }
        model = km.MAGVIT(tokenizer, **{**arguments, **kwargs})
        # Weights as large as trained ones, so that every part of the input counts.
        rng = np.random.default_rng(seed)
        for weight in model.transformer.trainable_variables:
            if len(weight.shape) > 1:
                weight.assign(rng.normal(size=weight.shape, scale=0.5))
        return model

    return build


@pytest.fixture(scope="session")
def shared_model(tiny_model):
    """A tiny multi-task model for tests that only read."""
    return tiny_model()


@pytest.fixture(scope="session")
def clips():
    """Random clips `(B, 4, 16, 16, 3)` in [0, 1]."""

    def make(batch=2, shape=(4, 16, 16), seed=1):
        return np.random.default_rng(seed).random((batch, *shape, 3), "float32")

    return make
