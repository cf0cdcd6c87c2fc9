"""The weights that are part of the package: found offline, small, and good for all tasks."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import presets
from keras_magvit.data import MovingDigits

NAME = "moving_digits_mt10_micro"
PUSHING = "simulated_pushing_mt10"
WEIGHTS = Path(presets.__file__).parent / "weights"
FOLDER = WEIGHTS / NAME
CLIPS = Path(__file__).parents[2] / "examples" / "clips"


@pytest.fixture(scope="module")
def model():
    return km.MAGVIT.from_preset(NAME, load_weights=True)


@pytest.fixture(scope="module")
def digits():
    """Held-out clips of every digit, float (10, 8, 32, 32, 3)."""
    source = MovingDigits(10, num_frames=8, size=(32, 32), split="test")
    return np.stack([source.frames(i, range(8)) for i in range(10)]) / np.float32(255)


def test_two_megabytes_are_not_exceeded():
    sizes = [
        os.path.getsize(os.path.join(folder, file))
        for folder, _, files in os.walk(FOLDER)
        for file in files
    ]
    assert sum(sizes) < 2_000_000


def test_the_table_describes_what_is_stored(model):
    row = km.presets.PRESETS[NAME]
    tokenizer_row = km.presets.PRESETS[row.tokenizer]
    stored = model.transformer.count_params(), model.tokenizer.count_params()
    assert stored == (row.transformer_parameters, row.tokenizer_parameters)
    assert model.video_shape == row.dataset.video_shape
    assert (model.num_classes, len(model.tasks)) == (10, 10)
    assert model.tokenizer.padding == tokenizer_row.config["padding"]


@pytest.fixture(scope="module")
def pushing():
    return km.MAGVIT.from_preset(PUSHING, load_weights=True)


def test_the_pushing_model_is_as_described(pushing):
    row = km.presets.PRESETS[PUSHING]
    stored = pushing.transformer.count_params(), pushing.tokenizer.count_params()
    assert stored == (row.transformer_parameters, row.tokenizer_parameters)
    assert pushing.video_shape == row.dataset.video_shape
    assert (pushing.num_classes, pushing.tasks) == (8, row.tasks)
    sizes = [path.stat().st_size for path in (WEIGHTS / PUSHING).rglob("*.*")]
    assert sum(sizes) < 45_000_000


def test_the_pushing_tokenizer_keeps_held_out_clips(pushing):
    with np.load(CLIPS / "simulated_pushing.npz") as file:
        clips = file["video"][:2].astype("float32") / 255
    ids = pushing.tokenizer.encode(clips)
    assert ids.shape == (2, 4, 16, 16)
    made = keras.ops.convert_to_numpy(pushing.tokenizer.decode(ids))
    error = np.mean((clips - np.clip(made, 0, 1)) ** 2, axis=(1, 2, 3, 4))
    assert (-10 * np.log10(error) > 25).all()


def test_the_tokenizer_is_a_preset_of_its_own(model):
    tokenizer = km.VideoTokenizer.from_preset("moving_digits_3dvq_micro")
    for own, of_model in zip(
        tokenizer.variables, model.tokenizer.variables, strict=True
    ):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(own), keras.ops.convert_to_numpy(of_model)
        )


def test_the_tokenizer_keeps_held_out_digits(model, digits):
    made = model.tokenizer.decode(model.tokenizer.encode(digits))
    made = keras.ops.convert_to_numpy(made)
    error = np.mean((digits - np.clip(made, 0, 1)) ** 2, axis=(1, 2, 3, 4))
    blank = np.mean(digits**2, axis=(1, 2, 3, 4))
    assert (error < blank).all() and error.mean() < blank.mean() / 3
    assert np.mean(-10 * np.log10(error)) > 20
