"""`compile`, `fit` and `evaluate` as users call them."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.fitting import ExampleMaker
from keras_magvit.recipes import TransformerRecipe, transformer

TINY = transformer("tiny")


def _weights(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in model.trainable_variables]


@pytest.mark.parametrize(
    "conditioning", ["commit", "latent", "prefix", "autoregressive"]
)
def test_every_conditioning_learns_clips_by_heart(new_model, tokens, conditioning):
    model = new_model(conditioning=conditioning)
    model.compile(recipe=TINY)
    data = tokens()
    untrained = model.evaluate(data, return_dict=True, verbose=0)
    # Nothing is known yet: every id is about as likely as any other.
    assert untrained["loss"] == pytest.approx(np.log(32), rel=0.05)
    history = model.fit(data, steps_per_epoch=60, verbose=0).history
    assert model.evaluate(data, verbose=0, return_dict=True)["loss"] < 2.4
    parts = {"commit": {"refine_loss", "recons_loss"}, "autoregressive": set()}
    expected = parts.get(conditioning, {"recons_loss"})
    assert set(history) == {"loss", "mask_loss", "masked_accuracy"} | expected


def test_a_fit_in_two_parts_is_the_whole_fit(new_model, tokens, tmp_path):
    data = tokens(6)  # batches of 4: the order of the second epoch counts
    recipe = TINY.replace(batch_size=4)
    whole, parts = new_model(), new_model()
    for model in (whole, parts):
        model.compile(recipe=recipe)
    whole.fit(data, epochs=2, steps_per_epoch=3, verbose=0)

    parts.fit(data, steps_per_epoch=3, verbose=0)
    scores = [parts.evaluate(data, verbose=0) for _ in range(2)]
    assert scores[0] == scores[1]
    parts.save_to_preset(tmp_path / "half_way")
    parts.fit(data, steps_per_epoch=3, verbose=0, validation_data=data)
    assert int(parts.batches_seen) == int(whole.batches_seen) == 6
    for a, b in zip(_weights(whole), _weights(parts), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    # What was saved is what was trained so far.
    saved = km.MAGVIT.from_preset(tmp_path / "half_way")
    saved.compile(recipe=recipe)
    assert saved.evaluate(data, verbose=0) == pytest.approx(scores[0], rel=1e-4)


class _Seen(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.logs = dict(logs)


@pytest.fixture(scope="module")
def fitted(new_model, clips):
    """Two steps on videos, from a generator, with validation on other videos."""
    model = new_model(("central_outpainting", "class_frame_prediction"))
    model.compile(recipe=TINY)
    before = _weights(model)
    tokenizer = _frozen(model)
    seen = _Seen()
    batches = ({"video": clips(2), "label": np.array([1, 2])} for _ in range(8))
    validation = {"video": clips(3, seed=5), "label": np.array([0, 4, 2])}
    history = model.fit(
        batches,
        steps_per_epoch=2,
        validation_data=validation,
        batch_size=2,
        callbacks=[seen],
        verbose=0,
    )
    return model, before, tokenizer, history, seen, validation


def _frozen(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in model.tokenizer.variables]


def test_videos_train_the_transformer_alone(fitted):
    model, before, tokenizer, history, seen, _ = fitted
    moved = [(a != b).any() for a, b in zip(before, _weights(model), strict=True)]
    assert np.mean(moved) > 0.9
    for a, b in zip(tokenizer, _frozen(model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert seen.logs["val_loss"] == history.history["val_loss"][0]
    assert "val_refine_loss" in seen.logs


def test_evaluation_is_that_of_the_epoch_and_takes_tasks(fitted):
    model, *_, history, _, validation = fitted
    score = model.evaluate(validation, batch_size=2, verbose=0, return_dict=True)
    assert score["loss"] == pytest.approx(history.history["val_loss"][0], rel=1e-5)
    alone = model.evaluate(
        {"video": validation["video"]}, tasks="OPC", verbose=0, return_dict=True
    )
    assert alone["loss"] != score["loss"]


def test_model_generates_after_fit(fitted):
    model, *_ = fitted
    assert model.generate("CFP", np.zeros((1, 1, 16, 16, 3), "uint8"), 3).shape[1] == 4


def test_an_error_of_the_data_leaves_fit_as_it_was_raised(fitted, clips):
    model, *_ = fitted
    before = _weights(model)

    def batches():
        for label in (0, 1, 2, 99, 0):
            yield {"video": clips(2), "label": np.array([label, 0])}

    with pytest.raises(ValueError, match=r"\[0, 5\). Received: labels"):
        model.fit(batches(), steps_per_epoch=5, verbose=0)
    assert any((a != b).any() for a, b in zip(before, _weights(model), strict=True))


def test_tf_data(fitted, tokens):
    if keras.config.backend() != "tensorflow":
        pytest.skip("TensorFlow's own datasets")
    import tensorflow as tf

    model, *_ = fitted
    data = tokens(4)
    data["cond_ids"] = {
        name: data["ids"] for name in ("central_outpainting", "class_frame_prediction")
    }
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(2)
    seen = int(model.batches_seen)
    model.fit(dataset, epochs=2, verbose=0)  # two steps an epoch: its length is known
    assert int(model.batches_seen) == seen + 4
    with pytest.raises(ValueError, match="pass `steps_per_epoch`"):
        model.fit(dataset.repeat(), verbose=0)


def test_steps_are_numbered_on(new_model, tokens, monkeypatch):
    numbers = []
    make = ExampleMaker.__call__
    monkeypatch.setattr(
        ExampleMaker,
        "__call__",
        lambda self, batch, step: (numbers.append(step), make(self, batch, step))[1],
    )
    model = new_model()
    model.compile(keras.optimizers.SGD(0.0), TINY, run_eagerly=True)
    for _ in range(2):
        batches = iter([tokens()] * 2)
        with pytest.warns(UserWarning, match="ran out of data"):
            model.fit(batches, steps_per_epoch=3, verbose=0)
    assert numbers == [0, 1, 2, 3]
    model.compile(recipe=TINY)
    assert int(model.batches_seen) == 0


def test_gradients_are_accumulated(new_model, tokens):
    model = new_model()
    model.compile(recipe=TINY, gradient_accumulation_steps=2)
    start, changed = _weights(model), []
    for _ in range(2):
        model.fit(tokens(), steps_per_epoch=1, verbose=0)
        pairs = zip(start, _weights(model), strict=True)
        changed.append(any((a != b).any() for a, b in pairs))
    assert changed == [False, True]


def test_half_precision_scales_its_loss(new_model, tokens):
    model = new_model(dtype="mixed_float16")
    model.compile(recipe=TINY)
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    history = model.fit(tokens(), steps_per_epoch=2, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert all(np.isfinite(w).all() for w in _weights(model))


def test_a_file_keeps_how_it_was_compiled(new_model, tokens, tmp_path):
    model = new_model()
    model.compile(recipe=TINY, steps=50, warmup_steps=5, seed=3)
    model.fit(tokens(), steps_per_epoch=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.recipe, loaded.seed) == (TINY, 3)
    assert int(loaded.batches_seen) == 2
    pairs = zip(model.optimizer.variables, loaded.optimizer.variables, strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (a, b)))
    own = keras.optimizers.SGD(0.5)
    model.compile(own, "paper")
    assert model.get_compile_config()["optimizer"]["class_name"] == "SGD"


# === Refusals ========================================================================


def test_bad_calls(new_model, tokens):
    model = new_model()
    with pytest.raises(ValueError, match="before `fit"):
        model.fit(tokens())
    with pytest.raises(ValueError, match="before `evaluate"):
        model.evaluate(tokens())
    bad_arguments = (
        {"recipe": "secret"},
        {"seed": -1},
        {"loss": "mse"},
        {"optimizer": "sgd", "gradient_accumulation_steps": 2},
        {"steps": 10, "warmup_steps": 10},
    )
    for arguments in bad_arguments:
        with pytest.raises(ValueError, match="Received: "):
            model.compile(**arguments)
    model.compile(recipe=TransformerRecipe())
    with pytest.raises(ValueError, match="`shuffle` must be False.*Received: "):
        model.fit(tokens(), shuffle=True)
    bad_data = (
        ([], "at least one batch"),
        (iter([]), "pass `steps_per_epoch`"),
        ({"ids": tokens()["ids"][:0]}, "same length"),
        ({"ids": tokens()["ids"], "label": np.zeros(3, "int32")}, "same length"),
        ([{"label": np.zeros(3, "int32")}], "'video' or 'ids'"),
    )
    for data, message in bad_data:
        with pytest.raises(ValueError, match=f"{message}.*Received: "):
            model.fit(data, verbose=0)
    with pytest.raises(ValueError, match="at least one batch.*Received: "):
        model.fit(iter([]), steps_per_epoch=2, verbose=0)
    with pytest.raises(ValueError, match="at least one batch.*Received: "):
        model.evaluate([], verbose=0)
