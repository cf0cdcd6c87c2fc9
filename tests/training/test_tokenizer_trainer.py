"""`compile`, `fit` and `evaluate` of stage 1 as users call them."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_magvit as km
from keras_magvit.recipes import TokenizerRecipe
from tests.training.conftest import FULL, SHAPE, to_numpy

# The cheapest game: no double gradient, nobody who looks.
QUICK = TokenizerRecipe(
    perceptual=None, r1_cost=0.0, average_decay=0.5, learning_rate=1e-3, batch_size=2
)


@pytest.fixture(scope="module")
def quick(new_trainer):
    def build(recipe=QUICK, **kwargs):
        trainer = new_trainer(recipe, perceptual=False)
        trainer.compile(**kwargs)
        return trainer

    return build


@pytest.fixture(scope="module")
def careful(quick, videos):
    """A trainer that has taken a step, so that only reading is left to do."""
    trainer = quick()
    trainer.fit([videos()], verbose=0)
    return trainer


# === A step ==========================================================================


def test_averages_in_closed_form(new_trainer, videos):
    """Of the weights after each step, and of the logits before it."""
    trainer = new_trainer(FULL)
    trainer.compile()
    weights = to_numpy(trainer.tokenizer.trainable_variables)
    averages, lecam = [w.astype("float64") for w in weights], np.zeros(2)
    for seed in range(3):
        logs = trainer.train_on_batch(videos(seed=seed), return_dict=True)
        trainer.reset_metrics()  # the logs are means of an epoch otherwise
        weights = to_numpy(trainer.tokenizer.trainable_variables)
        averages = [0.9 * a + 0.1 * w for a, w in zip(averages, weights, strict=True)]
        logits = [logs["real_logit"], logs["fake_logit"]]
        lecam = 0.9 * lecam + 0.1 * np.array(logits, "float64")
    found = to_numpy(trainer.averages)
    for actual, expected in zip(found, averages, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(to_numpy(trainer.lecam_averages), lecam, rtol=1e-5)
    shipped = trainer.averaged_tokenizer()
    for actual, expected in zip(
        to_numpy(shipped.trainable_variables), found, strict=True
    ):
        np.testing.assert_array_equal(actual, expected)
    # Adam of Appendix B.2, for each player.
    for optimizer in trainer.optimizer.optimizers:
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (
            0,
            0.99,
            1e-8,
        )
        assert int(optimizer.iterations) == 3


def test_what_is_frozen_is_no_part_of_the_training(new_trainer, videos):
    trainer = new_trainer(FULL)
    trainer.compile()
    network = trainer._perceptual.value.network
    before = network.get_weights()
    trainer.train_on_batch(videos())
    players = (trainer.tokenizer, trainer.discriminator)
    count = sum(len(player.trainable_variables) for player in players)
    assert len(trainer.trainable_variables) == count
    owned = {id(v) for v in trainer.variables}
    assert not network.trainable_variables
    assert not owned & {id(v) for v in network.variables}
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    if keras.config.backend() == "torch":
        frozen = [*network.variables, *trainer.averages, *trainer.lecam_averages]
        for variable in frozen:
            assert not variable.value.requires_grad
            assert variable.value.grad is None and variable.value.grad_fn is None


def test_codes_that_nobody_uses_move_to_features(new_trainer, videos):
    recipe = QUICK.replace(restart_after=2)
    trainer = new_trainer(recipe, perceptual=False)
    still = keras.optimizers.SGD(0.0)
    trainer.compile(still, keras.optimizers.SGD(0.0), seed=3)
    codebook = trainer.tokenizer.quantizer.codebook
    alive, far = to_numpy([codebook])[0], 1e3 + np.arange(8.0)
    start = alive.copy()
    start[[4, 9]] = far  # nobody is near
    codebook.assign(start)
    video = videos()
    trainer.train_on_batch(video)
    ages = ops.convert_to_numpy(trainer.code_restart.ages)
    used = np.unique(ops.convert_to_numpy(trainer.tokenizer.encode(video)))
    np.testing.assert_array_equal(ages == 0, np.isin(np.arange(16), used))
    np.testing.assert_array_equal(to_numpy([codebook])[0], start)
    trainer.train_on_batch(video)
    assert not np.any(trainer.code_restart.ages)  # used, or moved just now

    found = to_numpy([codebook])[0]
    features = ops.convert_to_numpy(trainer.tokenizer.encode_features(video))
    features = features.reshape(-1, 8)
    # The row of each code, by the seed and the number of steps done.
    offsets = np.random.default_rng(3).integers(2**20, size=16, dtype="int32")
    rows = (offsets + 2 * 7919) % len(features)
    expected = start.copy()
    unused = np.setdiff1d(np.arange(16), used)
    assert {4, 9} <= set(unused.tolist())
    expected[unused] = features[rows[unused]]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    index = [v.path for v in trainer.tokenizer.trainable_variables].index(codebook.path)
    average = to_numpy([trainer.averages[index]])[0]
    np.testing.assert_array_equal(average[unused], found[unused])


def test_codebook_starts_from_the_first_batch(quick, videos):
    trainer = quick(QUICK.replace(codebook_start="k-means", learning_rate=0.0))
    codebook = trainer.tokenizer.quantizer.codebook
    before = to_numpy([codebook])[0]
    trainer.fit([videos(), videos(seed=2)], verbose=0)
    started = to_numpy([codebook])[0]
    assert (before != started).all()
    features = ops.convert_to_numpy(trainer.tokenizer.encode_features(videos()))
    distances = np.square(features.reshape(-1, 1, 8) - started).sum(-1)
    # Every centre is the mean of the features that are nearest to it.
    nearest = distances.argmin(1)
    for k in np.unique(nearest):
        mean = features.reshape(-1, 8)[nearest == k].mean(0)
        np.testing.assert_allclose(started[k], mean, rtol=1e-3, atol=1e-4)
    assert len(np.unique(nearest)) == 16
    trainer.fit([videos(seed=2)], verbose=0)  # no second start
    np.testing.assert_array_equal(to_numpy([codebook])[0], started)
    with pytest.raises(ValueError, match="at least 16 features.*Received: "):
        trainer.start_codebook(videos(1)[:, :, :2, :2])


# === fit and evaluate ================================================================


@pytest.fixture(scope="module")
def fitted(new_trainer, videos, tmp_path_factory):
    """All terms; a fit of two epochs, and the same in two parts with looks between."""
    data = {"video": videos(3), "label": np.zeros(3, "int32")}
    whole, parts = new_trainer(FULL), new_trainer(FULL)
    for trainer in (whole, parts):
        trainer.compile(steps=20, warmup_steps=2)
    whole.fit(data, epochs=2, steps_per_epoch=2, verbose=0)
    parts.fit(data, steps_per_epoch=2, verbose=0)
    scores = [parts.evaluate(data, verbose=0, return_dict=True) for _ in range(2)]
    folder = tmp_path_factory.mktemp("preset") / "tokenizer"
    shipped = parts.averaged_tokenizer()
    shipped.save_to_preset(folder)
    history = parts.fit(
        data, steps_per_epoch=2, validation_data=data, verbose=0
    ).history
    return whole, parts, scores, history, (shipped, folder), data


def test_a_fit_in_two_parts_is_the_whole_fit(fitted):
    whole, parts, scores, *_ = fitted
    assert scores[0] == scores[1]
    for name in ("trainable_variables", "averages", "lecam_averages"):
        pair = (to_numpy(getattr(trainer, name)) for trainer in (whole, parts))
        for a, b in zip(*pair, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert int(parts.optimizer.iterations) == 4


def test_a_saved_tokenizer_is_the_averaged_one(fitted, videos):
    *_, (shipped, folder), _ = fitted
    loaded = km.VideoTokenizer.from_preset(folder)
    decoded = [ops.convert_to_numpy(t(videos())) for t in (shipped, loaded)]
    np.testing.assert_allclose(*decoded, atol=1e-6)


def test_evaluation_reads_the_averages(fitted):
    _, parts, _, history, _, data = fitted
    score = parts.evaluate(data, batch_size=3, verbose=0, return_dict=True)
    fake = ops.convert_to_numpy(parts.averaged_tokenizer()(data["video"]))
    expected = np.square(data["video"] - fake).mean()
    assert score["reconstruction_loss"] == pytest.approx(expected, rel=1e-4)
    assert "r1_penalty" not in score and "psnr" in score
    assert history["val_psnr"][0] == pytest.approx(
        parts.evaluate(data, verbose=0, return_dict=True)["psnr"], rel=1e-4
    )
    expected = {
        "generator_total", "discriminator_total", "reconstruction_loss",
        "generator_loss", "perceptual_loss", "commitment_loss", "codebook_loss",
        "entropy_loss", "discriminator_loss", "r1_penalty", "lecam_loss", "real_logit",
        "fake_logit", "psnr", "generator_gradient_norm", "discriminator_gradient_norm",
        "codebook_usage", "codebook_perplexity",
    }  # fmt: skip
    assert {name for name in history if not name.startswith("val_")} == expected


def test_clips_in_every_form_are_read_alike(careful, videos):
    """uint8 or float, alone, in a dict or a tuple, as arrays or batches."""
    pixels = (videos() * 255).round().astype("uint8")
    floats = pixels.astype("float32") / 255
    forms = (
        {"video": pixels, "label": np.zeros(2, "int32")},
        floats,
        [{"video": floats}],
        [(pixels, np.zeros(2))],
        iter([ops.convert_to_tensor(floats)]),
        iter([floats.astype("float64")]),
    )
    scores = [careful.evaluate(form, verbose=0) for form in forms]
    for score in scores:
        np.testing.assert_allclose(score, scores[0], rtol=1e-5)
    steps = int(careful.optimizer.iterations)
    for form in forms[:-2]:
        careful.fit(form, verbose=0)
    assert int(careful.optimizer.iterations) == steps + 4


class _Unreadable(km.data.ArrayVideos):
    """One of its videos cannot be read."""

    def frames(self, index, indices):
        if index == 1:
            raise km.io.VideoFileError("The file is cut off.", self.key(1))
        return super().frames(index, indices)

    def iter_frames(self, index, indices):
        yield from self.frames(index, indices)


def _source():
    rng = np.random.default_rng(0)
    return _Unreadable(rng.integers(0, 256, (4, *SHAPE, 3), "uint8"))


def test_a_corrupt_video_is_left_out_and_counted(careful):
    data = km.data.ClipDataset(_source(), 4, size=(8, 8))
    trainer, steps = careful, int(careful.optimizer.iterations)
    trainer.fit(data, steps_per_epoch=2, verbose=0)
    assert int(trainer.optimizer.iterations) == steps + 2
    assert "cut off" in str(data.report) and len(data.report) == 1
    strict = km.data.ClipDataset(_source(), 4, size=(8, 8), strict=True)
    with pytest.raises(km.io.VideoFileError, match="cut off"):
        trainer.fit(strict, steps_per_epoch=3, verbose=0)


# === Refusals ========================================================================


def _bad_clips():
    good = np.full((2, *SHAPE, 3), 0.5, "float32")
    nan = good.copy()
    nan[1, 0, 0, 0, 0] = np.nan
    return {
        "rank": (good[0], "must have shape"),
        "channels": (good[..., :1], "must have shape"),
        "frames": (good[:, :3], "multiple of 2"),
        "another size": (np.repeat(good, 2, axis=2), "discriminator"),
        "empty": (good[:0], "must not be empty"),
        "0..255": (good * 255, "divide 0..255 by 255"),
        "nan": (nan, "must be finite"),
        "integers": (good.astype("int32"), "must be uint8"),
        "no clips": ({"label": np.zeros(2)}, "with 'video'"),
        "text": ("clip.mp4", "with 'video'"),
    }


@pytest.mark.parametrize("fault", list(_bad_clips()))
def test_bad_clips_are_refused_and_cost_no_weights(careful, videos, fault):
    clips, message = _bad_clips()[fault]
    for batches in ([clips], [videos(), clips]):
        with pytest.raises(ValueError, match=f"{message}.*Received: "):
            careful.fit(batches, verbose=0)
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        careful.evaluate([clips], verbose=0)
    for weight in to_numpy(careful.trainable_variables):
        assert np.isfinite(weight).all()


def test_bad_datasets_and_calls(careful, new_trainer, videos):
    bad = (
        ([], "at least one batch"),
        (iter([]), "pass `steps_per_epoch`"),
        ({"video": videos()[:0]}, "same length"),
    )
    for data, message in bad:
        with pytest.raises(ValueError, match=f"{message}.*Received: "):
            careful.fit(data, verbose=0)
    for call in (careful.fit, careful.evaluate):
        steps = {"steps_per_epoch": 1} if call == careful.fit else {}
        with pytest.raises(ValueError, match="at least one batch.*Received: "):
            call(iter([]), verbose=0, **steps)
    raw = new_trainer(QUICK, perceptual=False)
    for call in (raw.fit, raw.evaluate):
        with pytest.raises(ValueError, match="Call `compile.*Received: "):
            call(videos())
    with pytest.raises(ValueError, match="Received: seed=-1"):
        raw.compile(seed=-1)
    with pytest.raises(ValueError, match="Received: warmup_steps=5"):
        raw.compile(steps=5, warmup_steps=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"adversarial": "wgan"},
        {"codebook_start": "zeros"},
        {"r1_cost": -1.0},
        {"average_decay": 1.0},
        {"restart_after": 0},
        {"perceptual_frames": 0},
        {"r1_examples": 0},
        {"r1_every": 0},
    ],
)
def test_recipes_out_of_range(changes):
    (name,) = changes
    with pytest.raises(ValueError, match=f"Received: {name}="):
        TokenizerRecipe(**changes)
