"""VideoDiscriminator against the official code, with its double gradient."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import backend
from keras_magvit.conversion import names
from tests.conftest import once


@pytest.fixture(scope="module")
def converted(golden):
    data = golden("disc3d")
    config = data.meta["config"]["discriminator"]
    return data, km.conversion.discriminator_from_videogvt(data.params(), config)


def test_logits_equal_official(converted, parity):
    data, model = converted
    parity("discriminator: logits", model(data["input"]), data["logits"])


def test_r1_and_its_double_gradient_equal_official(converted, parity):
    data, model = converted
    gradient = backend.value_and_input_gradient(model, data["input"])[1]
    parity("discriminator: R1 input gradient", gradient, data["r1_input_gradient"])

    def penalty():
        return km.losses.r1(
            backend.value_and_input_gradient(model, data["input"])[1], cost=10.0
        )

    variables = model.trainable_variables
    value, gradients = backend.value_and_gradients(penalty, variables)
    parity("discriminator: R1 penalty", value, data["r1_penalty_cost10"])
    by_path = dict(zip((v.path for v in variables), gradients, strict=True))
    official = dict(names.discriminator(model))
    for key, expected in data.params("r1_param_grad/").items():
        actual = by_path[official[key].path]
        parity("discriminator: R1 weight gradients", actual, expected)


def test_config_round_trip_keeps_the_logits(converted):
    data, model = converted
    clone = km.VideoDiscriminator.from_config(model.get_config())
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model(data["input"])),
        keras.ops.convert_to_numpy(clone(data["input"])),
    )


def test_short_and_odd_clips():
    """An axis that reaches length 1 stays; halves round up."""
    model = km.VideoDiscriminator(8, (2, 2), video_shape=(2, 6, 10))
    assert model.head_size == 1 * 2 * 3 * 16
    assert tuple(model(np.zeros((3, 2, 6, 10, 3), "float32")).shape) == (3, 1)


def test_another_clip_size_is_named():
    model = km.VideoDiscriminator(8, (2, 2), video_shape=(4, 8, 8))
    with pytest.raises(ValueError, match=r"Received: inputs.shape=\(1, 4, 16, 16, 3\)"):
        model(np.zeros((1, 4, 16, 16, 3), "float32"))


@pytest.mark.parametrize(
    ("size", "pixels", "expected"),
    [
        ("base", 128, 15_339_457),
        pytest.param(*("large", 128, 61_341_569), marks=once),
        ("base", 64, 11_734_465),
        pytest.param(*("large", 64, 46_922_625), marks=once),
    ],
)
def test_parameter_count(size, pixels, expected):
    shape = (16, pixels, pixels)
    model = km.VideoDiscriminator.from_size(size, video_shape=shape)
    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert count == expected
