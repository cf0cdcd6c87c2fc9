"""The stand-in computes what the package computes, with the same weights."""

import functools

import jax
import keras
import numpy as np
import pytest

import keras_magvit as km
from benchmarks import jobs, plain_jax, plain_jax_training
from benchmarks.case import Case
from keras_magvit.presets import shapes
from tests.conftest import once

pytestmark = once

CASE = Case("encode", model="tiny", frames=4, size=8, batch=2)
# Machine code that runs once need not be fast.
QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


def compiled(function, *arguments):
    return jax.jit(function, compiler_options=QUICK)(*arguments)


@functools.cache
def tokenizer(padding):
    case = CASE.replace(padding=padding)
    model = jobs.tokenizer(case)
    pairs = list(shapes.tokenizer(**case.tokenizer))
    return model, case.tokenizer, plain_jax.weights_of(model, pairs)


@functools.cache
def generator():
    keras.utils.set_random_seed(0)
    model = jobs.model(CASE)
    for variable in model.transformer.weights:  # biases begin as zeros, which hide much
        if variable.dtype == "float32":
            value = keras.ops.convert_to_numpy(variable)
            rng = np.random.default_rng(value.size)
            variable.assign(value + 0.02 * rng.standard_normal(value.shape))
    pairs = list(shapes.transformer(**CASE.transformer))
    return model, plain_jax.weights_of(model.transformer, pairs)


def test_random_weights_have_the_names_of_the_package():
    config = CASE.tokenizer
    made = plain_jax.tokenizer_weights(config)
    assert {name: w.shape for name, w in made.items()} == dict(
        shapes.tokenizer(**config)
    )
    assert np.all(made["encoder/norm/gamma"] == 1)
    assert np.all(made["decoder/video/bias"] == 0)
    assert np.std(made["encoder/stem/kernel"]) == pytest.approx(1 / 9, rel=0.1)


@pytest.mark.parametrize("padding", ["reflect", "same"])
def test_tokenizer(padding, close):
    model, config, weights = tokenizer(padding)
    video = jobs.video(CASE)
    features = compiled(
        lambda w, v: plain_jax.encode_features(w, config, v), weights, video
    )
    close(model.encode_features(video), features)
    ids = jobs.ids(CASE)
    close(model.decode(ids), compiled(
        lambda w, i: plain_jax.decode(w, config, i), weights, ids
    ))  # fmt: skip


def test_ids_are_those_of_the_nearest_code():
    model, _, weights = tokenizer("same")
    features = model.encode_features(jobs.video(CASE))
    features = keras.ops.convert_to_numpy(features)
    ids = np.argmin(plain_jax.distances(weights, features), axis=1)
    expected = keras.ops.convert_to_numpy(model.quantizer.nearest(features))
    np.testing.assert_array_equal(ids, expected.ravel())


def test_transformer(close):
    model, weights = generator()
    ids = jobs.sequence(CASE)
    logits = compiled(
        lambda w, i: plain_jax.transform(w, CASE.transformer, i), weights, ids
    )
    close(model.transformer(ids), logits)


def test_decoding_fills_the_same_ids():
    model, weights = generator()
    steps, codes, count = 4, 64, CASE.num_latents
    rng = np.random.default_rng(3)
    of_ids = rng.gumbel(size=(steps, 2, *CASE.latent_shape, codes)).astype("float32")
    of_cells = rng.gumbel(size=(steps, 2, *CASE.latent_shape)).astype("float32")
    prefix = np.array([[70, 3], [71, 9]], "int32")
    expected = km.models.decode(
        functools.partial(model.grid_logits, keras.ops.convert_to_tensor(prefix)),
        np.zeros((2, *CASE.latent_shape), "int32"),
        None,
        None,
        of_ids,
        of_cells,
        num_steps=steps,
    )

    def fill(weights, of_ids, of_cells):
        def noise(step):
            return of_ids[step], of_cells[step]

        row = model.vocabulary.mask
        config = CASE.transformer
        return plain_jax.fill(weights, config, prefix, row, codes, count, steps, noise)

    ids = compiled(
        fill,
        weights,
        of_ids.reshape(steps, 2, count, codes),
        of_cells.reshape(steps, 2, count),
    )
    expected = keras.ops.convert_to_numpy(expected)
    np.testing.assert_array_equal(np.asarray(ids), expected.reshape(2, count))


# === Training ========================================================================


def test_losses_of_stage_1(close):
    model, config, weights = tokenizer("reflect")
    judge = km.VideoDiscriminator(**CASE.discriminator)
    recipe = km.recipes.tokenizer("paper").replace(perceptual=None)
    trainer = km.VideoTokenizerTrainer(model, judge, recipe)
    trainer.compile()
    video = jobs.video(CASE)
    totals, aux, _ = trainer.losses_and_gradients(video)
    pairs = list(shapes.discriminator(**CASE.discriminator))
    of_judge = plain_jax.weights_of(judge, pairs)
    losses, logits = compiled(
        lambda g, d, v: plain_jax_training.player_losses(
            g, d, (config, CASE.discriminator), v, np.zeros(2)
        ),
        weights,
        of_judge,
        video,
    )
    close(totals.generator, losses[0], 1e-3)  # the entropy's temperature is 0.01
    close(totals.discriminator, losses[1])
    close(np.stack([keras.ops.convert_to_numpy(x) for x in aux["logits"]]), logits)


def test_loss_of_stage_2(close):
    model, weights = generator()
    model.compile(recipe="paper")
    inputs, targets = jobs.sequence(CASE), jobs.ids(CASE).reshape(2, -1)
    part = np.ones(targets.shape, "int32")
    expected = model.compute_loss(
        y=targets, y_pred=model(inputs), sample_weight=part, training=False
    )
    loss = compiled(
        lambda w, x, y: plain_jax_training.token_loss(w, CASE.transformer, x, y, 64),
        weights,
        inputs,
        targets,
    )
    close(expected, loss)


def test_adam_steps_as_keras_does(close):
    rng = np.random.default_rng(0)
    weights = {"kernel": rng.standard_normal((3, 4)).astype("float32")}
    variable = keras.Variable(weights["kernel"])
    optimizer = keras.optimizers.AdamW(
        1e-2, beta_1=0.9, beta_2=0.96, epsilon=1e-8, weight_decay=0.045
    )
    moments = plain_jax_training.new_moments(weights)
    for _ in range(3):
        gradient = rng.standard_normal((3, 4)).astype("float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        weights, moments = plain_jax_training.adam(
            weights, {"kernel": gradient}, moments, 1e-2, 0.9, 0.96, 0.045
        )
    close(variable, weights["kernel"], 1e-5)
