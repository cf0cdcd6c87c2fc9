"""What the two players of stage 1 minimise, and down which gradients they go."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_magvit as km
from keras_magvit import backend
from keras_magvit.conversion import names
from keras_magvit.recipes import TokenizerRecipe
from tests.training.conftest import FULL, compiled_step, to_numpy

# Reconstruction and quantizer alone.
PLAIN = TokenizerRecipe(perceptual=None, adversarial_weight=0.0, r1_cost=0.0)


def _gradients(trainer, video):
    """`(totals, aux, gradients by path)`."""
    totals, aux, (first, second) = compiled_step(trainer)(ops.convert_to_tensor(video))
    variables = [
        *trainer.tokenizer.trainable_variables,
        *trainer.discriminator.trainable_variables,
    ]
    by_path = dict(zip((v.path for v in variables), [*first, *second], strict=True))
    return totals, aux, {k: ops.convert_to_numpy(v) for k, v in by_path.items()}


# === The official gradients ==========================================================


@pytest.mark.parametrize("name", ["vq3d_same", "vq3d_reflect"])
def test_generator_goes_down_the_official_gradient(golden, parity, name):
    data = golden(name)
    tokenizer = km.conversion.tokenizer_from_videogvt(
        data.params(), data.meta["config"]
    )
    discriminator = km.VideoDiscriminator(4, (2,), video_shape=(4, 16, 16))
    trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, PLAIN)
    totals, _, gradients = _gradients(trainer, data["input"])
    parity("stage 1: generator", totals.generator, data["l2_plus_quantizer_loss"])
    official = dict(names.tokenizer(tokenizer))
    for key, expected in data.params("grad_l2_plus_quantizer/").items():
        parity("stage 1: gradients", gradients[official[key].path], expected)


def test_discriminator_pays_the_official_penalty(golden, parity):
    """Its gradients with R1 less those without are the official double gradients."""
    data = golden("disc3d")
    discriminator = km.conversion.discriminator_from_videogvt(
        data.params(), data.meta["config"]["discriminator"]
    )
    keras.utils.set_random_seed(0)
    tokenizer = km.VideoTokenizer(32, (1, 1), (True,), 8, 16, 1)
    found = []
    for cost in (10.0, 0.0):
        recipe = PLAIN.replace(r1_cost=cost)
        trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, recipe)
        found.append(_gradients(trainer, data["input"]))
    (_, aux, with_penalty), (*_, without) = found
    penalty = aux["terms"]["r1_penalty"]
    parity("stage 1: R1", penalty, data["r1_penalty_cost10"])
    parity("stage 1: R1", aux["logits"][0], data["r1_logits"].mean())
    official = dict(names.discriminator(discriminator))
    for key, expected in data.params("r1_param_grad/").items():
        path = official[key].path
        parity("stage 1: gradients", with_penalty[path] - without[path], expected)


# === Formulas ========================================================================


def _number(tensor):
    return float(ops.convert_to_numpy(tensor))


def _softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def _expected_terms(trainer, recipe, video, averages):
    """Every term in numpy, from what the networks return."""
    fake, quantized = trainer.tokenizer.reconstruct(video)
    logits, gradient = backend.value_and_input_gradient(trainer.discriminator, video)
    fake_logits = ops.convert_to_numpy(trainer.discriminator(fake)).astype("float64")
    real = ops.convert_to_numpy(logits).astype("float64")
    gradient = ops.convert_to_numpy(gradient).astype("float64")
    if recipe.adversarial == "hinge":
        generator = -fake_logits.mean()
        discriminator = np.maximum(0, 1 - real) + np.maximum(0, 1 + fake_logits)
    else:
        generator = _softplus(-fake_logits).mean()
        discriminator = _softplus(-real) + _softplus(fake_logits)
    perceptual = trainer._perceptual.value(video, fake)
    fake = ops.convert_to_numpy(fake).astype("float64")
    lecam = max(real.mean() - averages[1], 0) ** 2
    lecam += max(averages[0] - fake_logits.mean(), 0) ** 2
    return {
        "reconstruction_loss": ((video - fake) ** 2).mean(),
        "generator_loss": 0.1 * generator,
        "perceptual_loss": 0.5 * _number(perceptual),
        **{k: _number(v) for k, v in quantized.losses.items()},
        "discriminator_loss": discriminator.mean(),
        "r1_penalty": 3.0 * (gradient**2).sum((1, 2, 3, 4)).mean(),
        "lecam_loss": 0.2 * lecam,
    }


@pytest.mark.parametrize("adversarial", ["non-saturating", "hinge"])
def test_every_term_and_both_pull_backs(new_trainer, videos, close, adversarial):
    recipe = FULL.replace(adversarial=adversarial)
    trainer, video = new_trainer(recipe), videos()
    averages = (0.7, -0.3)
    for variable, value in zip(trainer.lecam_averages, averages, strict=True):
        variable.assign(value)
    totals, aux, gradients = _gradients(trainer, video)
    expected = _expected_terms(trainer, recipe, video, averages)
    assert set(aux["terms"]) == set(expected)
    for name, value in expected.items():
        close(aux["terms"][name], value)
    parts = list(expected)
    split = parts.index("discriminator_loss")
    close(totals.generator, sum(expected[k] for k in parts[:split]))
    close(totals.discriminator, sum(expected[k] for k in parts[split:]))

    # Each player's gradient is that of its own loss, found alone.
    tensor = ops.convert_to_tensor(video)
    largest = max(np.abs(gradient).max() for gradient in gradients.values())

    def loss_of(index):
        return lambda: trainer._player_losses(tensor, recipe)[0][index]

    for index, player in enumerate((trainer.tokenizer, trainer.discriminator)):
        variables = player.trainable_variables
        _, alone = backend.value_and_gradients(loss_of(index), variables)
        for variable, gradient in zip(variables, alone, strict=True):
            found, gradient = gradients[variable.path], ops.convert_to_numpy(gradient)
            # What a norm cancels is zero but for rounding.
            scale = max(np.abs(gradient).max(), 1e-3 * largest)
            assert np.abs(found - gradient).max() <= 1e-4 * scale
            assert variable.path.endswith("bias") or found.any()


def test_penalty_of_some_examples_and_glance_at_some_frames(new_trainer, videos, close):
    video = videos(3)
    whole = new_trainer(FULL)
    some = new_trainer(FULL.replace(r1_examples=2, perceptual_frames=1))
    some.compile()
    terms, partial = (_gradients(t, video)[1]["terms"] for t in (whole, some))
    close(partial["discriminator_loss"], terms["discriminator_loss"])
    first_two = _gradients(whole, video[:2])[1]["terms"]["r1_penalty"]
    close(partial["r1_penalty"], first_two)
    fake = some.tokenizer(video)
    for step in range(3):  # frames take turns
        some.optimizer._iterations.assign(step)
        seen = _gradients(some, video)[1]["terms"]["perceptual_loss"]
        alone = some._perceptual.value(
            video[:, step : step + 1], fake[:, step][:, None]
        )
        close(seen, 0.5 * _number(alone))


def test_penalty_of_more_examples_than_a_batch_has(new_trainer, videos, close):
    """In `fit`, where TensorFlow learns the size of a batch when the step runs."""
    video, recipe = videos(2), FULL.replace(perceptual=None)
    few = new_trainer(recipe.replace(r1_examples=3), perceptual=False)
    few.compile()
    logs = few.fit(video, batch_size=2, steps_per_epoch=1, verbose=0).history
    whole = new_trainer(recipe, perceptual=False)
    close(logs["r1_penalty"][0], _gradients(whole, video)[1]["terms"]["r1_penalty"])


def test_lazy_penalty(new_trainer, videos, close):
    """Every third step as much as three; between them the step without it."""
    video, recipe = videos(2), FULL.replace(perceptual=None)

    def seen(recipe, step=0):
        trainer = new_trainer(recipe, perceptual=False)
        trainer.compile()
        trainer.optimizer._iterations.assign(step)
        _, aux, gradients = _gradients(trainer, video)
        return aux["terms"], list(gradients.values())

    terms, penalized = seen(recipe)
    _, bare = seen(recipe.replace(r1_cost=0.0))
    for step, times in ((0, 3), (1, 0), (3, 3)):
        lazy_terms, lazy = seen(recipe.replace(r1_every=3), step)
        close(lazy_terms["r1_penalty"], times * _number(terms["r1_penalty"]))
        for g, with_penalty, without in zip(lazy, penalized, bare, strict=True):
            expected = without + times * (with_penalty - without)
            assert np.abs(g - expected).max() <= 1e-4 * max(np.abs(expected).max(), 1)


# === Who moves whom ==================================================================


@pytest.mark.parametrize("moving", ["tokenizer", "discriminator"])
def test_an_update_leaves_the_other_player_untouched(new_trainer, videos, moving):
    trainer = new_trainer()
    sgd = keras.optimizers.SGD
    rates = (0.1, 0.0) if moving == "tokenizer" else (0.0, 0.1)
    trainer.compile(*(sgd(rate) for rate in rates))
    players = {"tokenizer": trainer.tokenizer, "discriminator": trainer.discriminator}
    before = {k: to_numpy(v.trainable_variables) for k, v in players.items()}
    trainer.train_on_batch(videos())
    for name, player in players.items():
        after = to_numpy(player.trainable_variables)
        moved = [(a != b).any() for a, b in zip(before[name], after, strict=True)]
        assert any(moved) == (name == moving)


def test_a_player_does_not_feel_what_the_other_minimises(new_trainer, videos):
    video = videos()
    losses = {"reconstruction_weight": 7.0, "quantizer_weight": 3.0}
    trainer = new_trainer(FULL)
    trainer.recipe = FULL.replace(**losses)
    other = _gradients(trainer, video)[2]
    trainer.recipe = FULL.replace(r1_cost=50.0, lecam_weight=5.0)
    third = _gradients(trainer, video)[2]
    trainer.recipe = FULL
    usual = _gradients(trainer, video)[2]
    for path, gradient in usual.items():
        same = third if "tokenizer" in path else other
        np.testing.assert_allclose(gradient, same[path], rtol=1e-4, atol=1e-7)


def test_a_quantizer_of_ones_own_plays_without_a_codebook(videos):
    class Sign(km.layers.Quantizer):
        def call(self, features):
            ids = ops.cast(features[..., 0] > 0, "int32")
            codes = ops.repeat(ops.cast(ids, "float32")[..., None] * 2 - 1, 8, -1)
            through = features + ops.stop_gradient(codes - features)
            return km.layers.Quantized(through, ids, {})

    tokenizer = km.VideoTokenizer(32, (1,), (), 8, 2, 1, quantizer=Sign(2, 8))
    discriminator = km.VideoDiscriminator(4, (2,), video_shape=(4, 8, 8))
    trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, PLAIN)
    trainer.compile(steps=2)
    logs = trainer.train_on_batch(videos(), return_dict=True)
    assert np.isfinite(logs["generator_total"])
    for changes in ({"restart_after": 3}, {"codebook_start": "k-means"}):
        with pytest.raises(ValueError, match="Received: quantizer=Sign"):
            km.VideoTokenizerTrainer(tokenizer, discriminator, PLAIN.replace(**changes))
