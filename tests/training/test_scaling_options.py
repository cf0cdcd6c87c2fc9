"""Stage 1: accumulated gradients, half precision, several steps a call, remat."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_magvit as km
from keras_magvit import recipes
from tests.distribution import training

# On JAX each of them is a compilation of its own.
pytestmark = [pytest.mark.heavy] if keras.config.backend() == "jax" else []

CLIPS = training.clips(8)["video"]


def _trainer(dtype=None, **options):
    """Losses that are means over examples: neither entropy nor LeCam."""
    keras.utils.set_random_seed(0)
    quantizer = km.layers.VectorQuantizer(16, 4, entropy_weight=0.0)
    tokenizer = km.VideoTokenizer(
        **training.TOKENIZER, quantizer=quantizer, dtype=dtype
    )
    discriminator = km.VideoDiscriminator(8, (2,), training.VIDEO, dtype=dtype)
    recipe = recipes.tokenizer("paper").replace(perceptual=None, lecam_weight=0.0)
    trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, recipe)
    trainer.compile(**options)
    return trainer


def _players(steps=None):
    """Plain descent: its update is the gradient, so the test sees every digit."""
    return {
        name: keras.optimizers.SGD(0.1, gradient_accumulation_steps=steps)
        for name in ("optimizer", "discriminator_optimizer")
    }


def _values(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


def test_accumulated_gradients_are_those_of_the_whole_batch():
    """Two halves move weights and averages as the whole does, and not before."""
    whole, halves = _trainer(**_players()), _trainer(**_players(2))
    start = _values(halves.trainable_variables)
    training.train(whole, 1, iter([CLIPS]))
    training.train(halves, 1, iter([CLIPS[:4]]))
    for a, b in zip(start, _values(halves.trainable_variables), strict=True):
        np.testing.assert_array_equal(a, b)
    training.train(halves, 1, iter([CLIPS[4:]]))
    for name in ("trainable_variables", "averages"):
        pairs = zip(
            _values(getattr(whole, name)), _values(getattr(halves, name)), strict=True
        )
        for a, b in pairs:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    moved = zip(start, _values(halves.trainable_variables), strict=True)
    assert np.mean([(a != b).any() for a, b in moved]) > 0.9


def test_schedules_count_updates():
    recipe = recipes.tokenizer("paper")
    for optimizer in recipe.optimizers(10, 2, gradient_accumulation_steps=4):
        rate = optimizer._learning_rate
        assert float(rate(8)) == pytest.approx(recipe.learning_rate)  # two updates
        assert float(rate(40)) == pytest.approx(0.0, abs=1e-9)


def test_players_must_accumulate_alike():
    players = {**_players(2), "optimizer": keras.optimizers.SGD(0.1)}
    with pytest.raises(
        ValueError, match=r"Received: gradient_accumulation_steps=\[1, 2\]"
    ):
        _trainer(**players)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(dtype):
    """Finite, islands in float32; float16 scales both players' losses."""
    trainer = _trainer(dtype)
    name = type(trainer.optimizer).__name__
    scales = dtype == "mixed_float16"
    assert name == ("LossScaleOptimizer" if scales else "MultiOptimizer")
    start = _values(trainer.trainable_variables)
    logs = training.train(trainer, 3, CLIPS, batch_size=4)
    assert all(np.isfinite(values).all() for values in logs.values())
    after = _values(trainer.trainable_variables)
    assert all(np.isfinite(values).all() for values in after)
    moved = [(a != b).any() for a, b in zip(start, after, strict=True)]
    assert np.mean(moved) > 0.9
    video = ops.convert_to_tensor(CLIPS[:2])
    fake, quantized = trainer.tokenizer.reconstruct(video)
    for island in (
        trainer.tokenizer.quantizer.distances(quantized.features),
        trainer.discriminator(video),
        fake,
    ):
        assert keras.backend.standardize_dtype(island.dtype) == "float32"


def test_a_step_that_overflows_is_skipped():
    trainer = _trainer("mixed_float16")
    trainer.optimizer.dynamic_scale.assign(2.0**120)
    start = _values(trainer.trainable_variables)
    logs = training.train(trainer, 1, CLIPS, batch_size=4)
    for a, b in zip(start, _values(trainer.trainable_variables), strict=True):
        np.testing.assert_array_equal(a, b)
    assert float(ops.convert_to_numpy(trainer.optimizer.dynamic_scale)) == 2.0**119
    assert logs["generator_gradient_norm"] == [0.0]


def test_several_steps_an_execution():
    """The same training where the backend has it; PyTorch says that it has not."""
    if keras.config.backend() == "torch":
        with pytest.raises(
            ValueError, match="PyTorch.*Received: steps_per_execution=2"
        ):
            training.train(_trainer(steps_per_execution=2), 2, CLIPS, batch_size=4)
        return
    one, two = _trainer(**_players()), _trainer(**_players(), steps_per_execution=2)
    for trainer in (one, two):
        training.train(trainer, 4, CLIPS, batch_size=4)
    pairs = zip(_values(one.variables), _values(two.variables), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
