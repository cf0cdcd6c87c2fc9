"""The recipe of stage 2 and the optimizer it makes."""

import keras
import numpy as np
import pytest

from keras_magvit.recipes import TransformerRecipe


def _model():
    """One variable of every kind that the transformer has."""
    rng = np.random.default_rng(0)
    made = {}
    for name in ("kernel", "bias", "gamma", "beta", "embeddings", "head_bias"):
        value = rng.normal(size=(4, 3)).astype("float32")
        made[name] = keras.Variable(value, name=name)
    # Inside a layer TensorFlow's own variable is called by its path.
    dense = keras.layers.Dense(3, name="kernel_free")
    dense.build((None, 4))
    return {**made, "dense kernel": dense.kernel}


def _adamw(w, gradients, rates, decay, clip=1.0, b1=0.9, b2=0.96):
    """AdamW with decoupled decay and a clipped global norm, in float64."""
    w = {k: v.astype("float64") for k, v in w.items()}
    m = {k: 0.0 for k in w}
    v = {k: 0.0 for k in w}
    for t, (step, rate) in enumerate(zip(gradients, rates, strict=True), 1):
        norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in step.values()))
        for k in w:
            g = step[k] * min(1.0, clip / norm)
            m[k] = b1 * m[k] + (1 - b1) * g
            v[k] = b2 * v[k] + (1 - b2) * g * g
            moved = m[k] / (1 - b1**t) / (np.sqrt(v[k] / (1 - b2**t)) + 1e-8)
            decayed = decay * w[k] if k.endswith("kernel") else 0
            w[k] = w[k] - rate * (moved + decayed)
    return w


@pytest.mark.parametrize("scale", [10.0, 0.01])
def test_optimizer_in_closed_form(scale):
    """Decay touches kernels alone; the global norm is clipped when it is above 1."""
    variables = _model()
    start = {k: keras.ops.convert_to_numpy(v) for k, v in variables.items()}
    rng = np.random.default_rng(1)
    gradients = [
        {k: scale * rng.normal(size=(4, 3)).astype("float32") for k in variables}
        for _ in range(3)
    ]
    recipe = TransformerRecipe(learning_rate=0.1, weight_decay=0.5)
    optimizer = recipe.optimizer(steps=10, warmup_steps=2)
    optimizer.build(list(variables.values()))
    for step in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in step.values()])
    # Linear from 0 to the peak in 2 steps, then down.
    expected = _adamw(start, gradients, [0.0, 0.05, 0.1], 0.5)
    for name, variable in variables.items():
        found = keras.ops.convert_to_numpy(variable)
        np.testing.assert_allclose(found, expected[name], rtol=1e-4, atol=1e-5)


def test_rate_warms_up_and_decays_to_zero():
    rate = TransformerRecipe().optimizer(steps=20_000)._learning_rate
    values = [float(rate(step)) for step in (0, 2500, 5000, 12_500, 20_000)]
    np.testing.assert_allclose(values, [0, 5e-5, 1e-4, 5e-5, 0], atol=1e-9)
    constant = TransformerRecipe(warmup_steps=0).optimizer()
    assert float(constant.learning_rate) == pytest.approx(1e-4)


def test_arguments_of_a_model():
    released = TransformerRecipe(released_prompts=True, condition_latent_frames=1)
    tasks = ("central_inpainting", "central_outpainting")
    made = released.model_arguments(1024, 0, tasks)
    assert made["condition_latent_frames"] == 1
    prompts = {made["vocabulary"].prompt(task) for task in tasks}
    assert len(prompts) == 1
    assert released.model_arguments(1024, 0, tasks[:1])["vocabulary"] is None
    own = {"condition_latent_frames": None, "vocabulary": None}
    assert TransformerRecipe().model_arguments(1024, 0, tasks) == own


def test_config_round_trip():
    recipe = TransformerRecipe(task_weights={"frame_prediction": 2.0}, epochs=3)
    assert TransformerRecipe(**recipe.get_config()) == recipe


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": "recons"},
        {"schedule": "sine"},
        {"mask_sampling": "token"},
        {"task_sampling": "epoch"},
        {"label_smoothing": 1.0},
        {"class_dropout": -0.1},
        {"learning_rate": -1.0},
        {"warmup_steps": -1},
        {"weight_decay": -1.0},
        {"batch_size": 0},
        {"epochs": 0},
        {"task_weights": {"frame_prediction": -1.0}},
    ],
)
def test_values_out_of_range(changes):
    with pytest.raises(ValueError, match="Received: "):
        TransformerRecipe(**changes)
