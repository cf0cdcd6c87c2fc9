"""Inflation of a 2D tokenizer to 3D against the official code and by its meaning."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.conversion import tokenizer_from_videogvt, tokenizer_to_videogvt
from keras_magvit.training import inflate
from keras_magvit.training.inflation import inflate_kernel


@pytest.mark.parametrize("mode", ["central", "average"])
def test_equals_official(golden, parity, parity_exact, mode):
    data = golden("vq2d")
    flat = tokenizer_from_videogvt(data.params("params2d/"), data.meta["config2d"])
    config = data.meta["config3d"]
    start = tokenizer_from_videogvt(data.params("params3d_average/"), config)
    model = inflate(flat, start, mode)
    for key, value in data.params(f"params3d_{mode}/").items():
        parity(f"inflation, {mode}", tokenizer_to_videogvt(model)[key], value, 1e-7)
    features = model.encode_features(data["input"])
    parity(f"inflation, {mode}", features, data[f"3d_{mode}/features"])
    ids = data[f"3d_{mode}/indices"]
    parity_exact(f"inflation, {mode}: ids", model.encode(data["input"]), ids)
    decoded = data[f"3d_{mode}/decoded"]
    parity(f"inflation, {mode}", model.decode(ids), decoded)


def _pair(padding):
    keras.utils.set_random_seed(0)
    common = {
        "filters": 32,
        "channel_multipliers": (1, 2),
        "embedding_dim": 8,
        "codebook_size": 16,
        "num_res_blocks": 1,
        "padding": padding,
    }
    flat = km.VideoTokenizer(temporal_kernel=1, **common)
    solid = km.VideoTokenizer(temporal_downsample=(False,), **common)
    return flat, solid


@pytest.mark.parametrize("mode", ["central", "average"])
def test_a_still_video_is_treated_as_its_frame_was(mode):
    """Group statistics of equal frames equal those of one; borders are reflected."""
    flat, solid = _pair("reflect")
    inflate(flat, solid, mode)
    frame = np.random.default_rng(0).random((2, 1, 16, 16, 3), "float32")
    still = np.repeat(frame, 4, axis=1)
    expected = keras.ops.convert_to_numpy(flat.encode_features(still))
    actual = keras.ops.convert_to_numpy(solid.encode_features(still))
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_kernels():
    kernel = np.arange(18, dtype="float32").reshape(1, 3, 3, 1, 2)
    central = inflate_kernel(kernel, 3, "central")
    np.testing.assert_array_equal(central[1], kernel[0])
    assert not central[[0, 2]].any()
    average = inflate_kernel(kernel, 3, "average")
    np.testing.assert_allclose(average.sum(0), kernel[0], rtol=1e-6)
    with pytest.raises(ValueError, match="Received: mode='linear'"):
        inflate_kernel(kernel, 3, "linear")


def test_tokenizers_that_do_not_fit_are_named():
    flat, _ = _pair("same")
    other = km.VideoTokenizer(32, (1, 1), (False,), 8, 16, 2)
    with pytest.raises(ValueError, match="Received: "):
        inflate(flat, other)
