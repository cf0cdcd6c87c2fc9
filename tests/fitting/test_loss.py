"""The trained step's loss: the official one, its parts, its gradients."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import backend
from keras_magvit.conversion import names
from keras_magvit.fitting import Part
from keras_magvit.recipes import TransformerRecipe


@pytest.fixture(scope="module")
def official(golden, tiny_tokenizer):
    """A model with the weights of the golden transformer, without dropout."""
    data = golden("bert")
    converted = km.conversion.transformer_from_videogvt(
        data.params(), data.meta["config"]
    )
    still = {"dropout": 0.0, "attention_dropout": 0.0}
    transformer = type(converted).from_config({**converted.get_config(), **still})
    pairs = zip(
        transformer.trainable_variables, converted.trainable_variables, strict=True
    )
    for target, source in pairs:
        target.assign(source)
    tokenizer = tiny_tokenizer(codebook_size=64, video_shape=(4, 12, 12))
    tasks = ("frame_prediction", "class_generation")
    return data, km.MAGVIT(tokenizer, transformer, num_classes=4, tasks=tasks)


def _step(data):
    """The golden step as ours: two prompt tokens, then (2, 3, 3) latents."""
    part = np.where(data["weights"][:, 2:] > 0, Part.MASK, Part.NONE).astype("int32")
    return data["wrapped_ids"].astype("int32"), data["labels"][:, 2:], part


def test_one_step_goes_down_the_official_gradient(official, parity):
    """Plain descent with a rate of 1 moves each weight by its gradient."""
    data, model = official
    model.compile(keras.optimizers.SGD(1.0), "paper")
    variables = model.trainable_variables
    before = [keras.ops.convert_to_numpy(v).copy() for v in variables]
    x, y, part = _step(data)
    logs = model.train_on_batch(x, y, part, return_dict=True)
    assert int(model.batches_seen) == 1
    parity("masked loss", np.float64(logs["loss"]), data["loss_trainer"])
    moved = {
        v.path: b - keras.ops.convert_to_numpy(v)
        for v, b in zip(variables, before, strict=True)
    }
    paths = {key: v.path for key, v in names.transformer(model.transformer)}
    expected = data.params("grad_trainer/")
    assert len(expected) > 20
    for key, gradient in expected.items():
        if "key/bias" not in key:  # zero in theory
            parity("transformer: gradients", moved[paths[key]], gradient, 2e-4)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


def _logits_and_step(seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(3, 32, 32)).astype("float32")
    y = rng.integers(0, 32, (3, 32)).astype("int32")
    part = rng.integers(1, 4, (3, 32)).astype("int32")
    part[2] = Part.RECONS  # an example without masked cells
    return logits, y, part


def _cross_entropy(logits, y, smoothing):
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    target = np.eye(32)[y] * (1 - smoothing) + smoothing / 32
    return -(target * log_probs).sum(-1)


@pytest.mark.parametrize("terms", km.ops.masking.WEIGHTS)
def test_loss_and_its_parts_in_closed_form(new_model, terms):
    model = new_model()
    recipe = TransformerRecipe(weights=terms, label_smoothing=0.1, warmup_steps=0)
    model.compile(recipe=recipe)
    logits, y, part = _logits_and_step()
    loss = model.compute_loss(y=y, y_pred=logits, sample_weight=part, training=False)
    expected = _cross_entropy(logits.astype("float64"), y, 0.1)

    kept = np.isin(part, [Part[name.upper()] for name in terms.split("+")])
    share = kept / np.maximum(kept.sum(-1, keepdims=True), 1)
    assert float(loss) == pytest.approx((expected * share).sum(-1).mean(), rel=1e-5)
    logs = model.get_metrics_result()
    for p in (Part.REFINE, Part.MASK, Part.RECONS):
        mean = expected[part == p].mean()
        assert float(logs[f"{p.name.lower()}_loss"]) == pytest.approx(mean, rel=1e-5)
    right = (logits.argmax(-1) == y)[part == Part.MASK].mean()
    assert float(logs["masked_accuracy"]) == pytest.approx(right, rel=1e-5)
    assert int(model.batches_seen) == 0  # an evaluation is no step


def test_cells_that_no_term_trains_have_no_gradient(new_model):
    model = new_model()
    model.compile(recipe=TransformerRecipe(weights="mask", warmup_steps=0))
    logits, y, part = _logits_and_step()
    variable = keras.Variable(logits)

    def loss():
        y_pred = keras.ops.convert_to_tensor(variable)
        return model.compute_loss(y=y, y_pred=y_pred, sample_weight=part)

    _, (gradient,) = backend.value_and_gradients(loss, [variable])
    gradient = np.abs(keras.ops.convert_to_numpy(gradient)).max(-1)
    np.testing.assert_array_equal(gradient > 0, part == Part.MASK)


def test_logits_are_float32_and_of_the_latents(new_model):
    model = new_model(dtype="mixed_bfloat16")
    length = model.sequence.length
    logits = model(np.zeros((2, length), "int32"))
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert tuple(logits.shape) == (2, 32, 32)
