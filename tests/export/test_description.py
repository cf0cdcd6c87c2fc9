"""The description against the tasks themselves."""

import json

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.export.description import describe
from tests.conftest import once

pytestmark = once  # plain data


@pytest.fixture(scope="module")
def model(tiny_model, tiny_tokenizer):
    tokenizer = tiny_tokenizer(video_shape=(8, 16, 24))
    return tiny_model(tokenizer=tokenizer, condition_frames=3)


def _mask(rows):
    return np.array([[list(row) for row in frame] for frame in rows]) == "1"


@pytest.mark.parametrize("name", km.tasks.names()[:11])
def test_a_task_as_data_makes_the_same_condition(model, name):
    spec = json.loads(json.dumps(describe(model)))["tasks"][name]
    clip = np.random.default_rng(0).random((8, 16, 24, 3), "float32")
    task = km.tasks.get(name, model.condition_frames)
    expected = task.condition(clip[None], model.latent_shape)

    fill = spec["fill"]
    still = clip[:, fill["rows"]][:, :, fill["columns"]]
    weight = np.array(fill["weight"])[:, None, None, None]
    filling = (1 - weight) * still[fill["first"]] + weight * still[fill["second"]]
    mask = _mask(spec["video_mask"])[..., None]
    made = np.where(mask, clip, fill["scale"] * filling)

    def numpy(x):
        return keras.ops.convert_to_numpy(x)[0]

    np.testing.assert_allclose(made, numpy(expected.video), atol=1e-6)
    shape = clip.shape[:3]
    given = np.broadcast_to(numpy(expected.video_mask)[..., 0], shape)
    np.testing.assert_array_equal(np.broadcast_to(mask[..., 0], shape), given)
    latent = np.broadcast_to(numpy(expected.latent_mask), model.latent_shape)
    made = np.broadcast_to(_mask(spec["latent_mask"]), model.latent_shape)
    np.testing.assert_array_equal(made, latent)
    assert spec["uses_class"] == task.uses_class
    assert spec["prompt"] == model.vocabulary.prompt(name)


def test_a_padding_of_ones_own_is_no_data(tiny_model):
    own = km.tasks.VideoTask(
        "mirrored", km.tasks.Box(columns=(0, 2)), lambda video, mask, region: video
    )
    km.tasks.register(own, overwrite=True)
    task = describe(tiny_model(tasks=("mirrored",)))["tasks"]["mirrored"]
    assert task["fill"] is None and task["prompt"] is None


def test_the_schedule_is_what_the_decode_is_fed(model):
    sampling = describe(model)["sampling"]
    tokens = model.sequence.num_latents
    ratio = km.ops.schedule.step_ratio
    expected = [float(ratio(step, 3, tokens, "cosine")) for step in range(3)]
    assert sampling["num_steps"] == 3
    assert sampling["mask_ratio"] == expected
    np.testing.assert_allclose(sampling["noise_scale"], [4.5 * 2 / 3, 4.5 / 3, 0.0])
