"""Training from a token cache is training on the clips it was made of."""

import numpy as np
import pytest

from keras_magvit.data import (
    ArrayVideos,
    ClipDataset,
    TokenCache,
    TokenCacheError,
    tokenize_dataset,
)

TASKS = ("frame_prediction", "dynamic_inpainting", "class_generation")


@pytest.fixture(scope="module")
def dataset():
    """8 training clips `(4, 16, 16, 3)` of 5 classes."""
    videos = np.random.default_rng(0).integers(0, 256, (8, 6, 20, 16, 3), "uint8")
    source = ArrayVideos(videos, np.arange(8) % 5)
    return ClipDataset(source, 4, size=(16, 16), flip=True, seed=2)


@pytest.fixture(scope="module")
def folder(shared_tokenizer, dataset, tmp_path_factory):
    """Two epochs of them, tokenized."""
    folder = tmp_path_factory.mktemp("tokens")
    tokenize_dataset(shared_tokenizer, dataset, folder, TASKS, epochs=2, shards=3)
    return folder


def _losses(model, x):
    model.compile("sgd", seed=1)
    history = model.fit(x, batch_size=4, epochs=2, steps_per_epoch=2, verbose=0)
    return history.history["loss"], [np.array(w) for w in model.get_weights()]


def test_training_from_it_is_training_on_the_fly(new_model, dataset, folder):
    losses, weights = _losses(new_model(TASKS), dataset)
    cached, trained = _losses(new_model(TASKS), TokenCache(folder, shuffle=False))
    np.testing.assert_allclose(cached, losses, rtol=1e-6)
    for a, b in zip(trained, weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_evaluates_fixed_clips(new_model, folder):
    model = new_model(TASKS)
    model.compile("sgd")
    cache = TokenCache(folder, training=False)
    first = model.evaluate(cache, batch_size=4, verbose=0, return_dict=True)
    again = model.evaluate(cache, batch_size=4, verbose=0, return_dict=True)
    assert first == again and first["loss"] > 0


def test_a_stale_cache_is_refused(new_model, tiny_model, tiny_tokenizer, folder):
    cache = TokenCache(folder)
    model = new_model(("frame_prediction", "central_outpainting"))
    model.compile("sgd")
    with pytest.raises(TokenCacheError, match="'central_outpainting' is missing"):
        model.fit(cache, batch_size=4, steps_per_epoch=1)
    with pytest.raises(TokenCacheError, match="'central_outpainting' is missing"):
        model.evaluate(cache, batch_size=4)
    model.evaluate(cache, batch_size=4, steps=1, tasks="frame_prediction", verbose=0)
    other = tiny_model(tokenizer=tiny_tokenizer(seed=1), tasks=TASKS)
    other.compile("sgd")
    with pytest.raises(TokenCacheError, match="tokenizer weights"):
        other.fit(cache, batch_size=4, steps_per_epoch=1)
    longer = new_model(TASKS, condition_frames=2)
    longer.compile("sgd")
    with pytest.raises(TokenCacheError, match="other pixels"):
        longer.fit(cache, batch_size=4, steps_per_epoch=1)
