"""The functions that leave a model do what the model does, however it conditions."""

import keras
import numpy as np
import pytest

from keras_magvit.export import checking
from keras_magvit.export.functions import functions_of
from keras_magvit.models.request import prepare


@pytest.mark.parametrize("task", ["frame_prediction", "class_frame_prediction"])
@pytest.mark.parametrize("conditioning", ["commit", "latent", "prefix"])
def test_they_decode_as_the_model_does(
    tiny_model, shared_tokenizer, clips, conditioning, task
):
    sampling = {"num_steps": 2, "guidance_scale": 1.5, "top_k": 8}
    model = tiny_model(
        tokenizer=shared_tokenizer, conditioning=conditioning, sampling=sampling
    )
    labels = [1, 4] if task.startswith("class") else None
    request = prepare(model, task, clips(2), labels, None, 1)
    inputs = {
        **checking.example_inputs(model, 2),
        "task": np.full(2, model.vocabulary.prompt(task), "int32"),
        "labels": np.array(labels or [-1, -1], "int32"),
        "cond_ids": keras.ops.convert_to_numpy(request.cond_ids),
        "latent_mask": keras.ops.convert_to_numpy(request.latent_mask),
    }
    noise = inputs["categorical_gumbel"], inputs["mask_gumbel"]
    expected = model.decoder(request, noise, model.sampling)
    *_, last = checking.keras_steps(model, functions_of(model), inputs)
    expected = keras.ops.convert_to_numpy(expected)
    np.testing.assert_array_equal(last["tokens"], expected)


def test_a_model_of_one_task_without_classes_asks_for_neither(
    tiny_model, shared_tokenizer
):
    model = tiny_model(
        tokenizer=shared_tokenizer, tasks="frame_prediction", num_classes=0
    )
    names = {tensor.name for tensor in functions_of(model)["decode_step"].inputs}
    assert not names & {"task", "labels", "guidance_scale"}


def test_the_autoregressive_rival_leaves_without_the_decode(
    tiny_model, shared_tokenizer
):
    model = tiny_model(tokenizer=shared_tokenizer, conditioning="autoregressive")
    assert set(functions_of(model)) == {"encoder", "decoder", "transformer"}
