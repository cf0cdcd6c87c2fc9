"""MaskedVideoTransformer against the official code, and by itself."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import backend
from keras_magvit.conversion import names
from tests.conftest import once


@pytest.fixture(scope="module")
def converted(golden):
    data = golden("bert")
    config = data.meta["config"]
    return data, km.conversion.transformer_from_videogvt(data.params(), config)


def test_logits_equal_official(converted, parity):
    data, model = converted
    ids = data["wrapped_ids"]
    assert model.vocabulary_size == data.meta["vocab"]
    embeddings = model.embed(keras.ops.convert_to_tensor(ids))
    parity("transformer: embeddings", embeddings, data["embeddings_out"])
    parity("transformer: logits", model(ids), data["logits"])
    parity("transformer: logits", model(ids[:, :-5]), data["logits_short"])


def test_loss_and_gradients_equal_official(converted, parity):
    data, model = converted
    codebook = data.meta["config"]["vq_codebook_size"]
    labels, weights = data["labels"], data["weights"]

    def loss_of(smoothing, weights):
        logits = model(data["wrapped_ids"])[:, :, :codebook]
        return km.losses.masked_cross_entropy(logits, labels, weights, smoothing)

    name = "loss_weighted_seq_ce"
    parity("masked loss", loss_of(1e-4, weights), data[f"{name}_ls1e-4"])
    parity("masked loss", loss_of(0.1, weights), data[f"{name}_ls0.1"])
    without = weights.copy()
    without[0] = 0
    parity("masked loss", loss_of(1e-4, without), data[f"{name}_zero_row"])

    variables = model.trainable_variables
    value, gradients = backend.value_and_gradients(
        lambda: loss_of(1e-4, weights), variables
    )
    parity("masked loss", value, data["loss_trainer"])
    by_path = dict(zip((v.path for v in variables), gradients, strict=True))
    official = dict(names.transformer(model))
    expected = data.params("grad_trainer/")
    assert len(expected) > 20
    for key, gradient in expected.items():
        if "key/bias" in key:
            # Exactly zero in theory, since softmax ignores a shift; round-off here.
            assert np.abs(by_path_value(by_path, official[key])).max() < 1e-6
        else:
            parity("transformer: gradients", by_path[official[key].path], gradient)


def by_path_value(by_path, variable):
    return keras.ops.convert_to_numpy(by_path[variable.path])


def _tiny(**kwargs):
    keras.utils.set_random_seed(0)
    size = {"num_layers": 2, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
    model = km.MaskedVideoTransformer(20, 12, **{**size, **kwargs})
    for variable in model.trainable_variables:  # large weights make all paths count
        noise = np.random.default_rng(1).normal(size=variable.shape)
        variable.assign(noise.astype("float32") * 0.5)
    return model


def test_causal_model_sees_the_past_alone():
    ids = np.random.default_rng(0).integers(0, 20, (1, 12))
    changed = ids.copy()
    changed[0, 7] = (changed[0, 7] + 1) % 20
    model = _tiny(causal=True)
    before, after = (keras.ops.convert_to_numpy(model(x)) for x in (ids, changed))
    np.testing.assert_allclose(before[:, :7], after[:, :7], atol=1e-5)
    assert np.abs(before[:, 7:] - after[:, 7:]).max() > 1e-2
    two_sided = _tiny()
    before, after = (keras.ops.convert_to_numpy(two_sided(x)) for x in (ids, changed))
    assert np.abs(before[:, :7] - after[:, :7]).max() > 1e-2


@pytest.mark.parametrize("causal", [False, True])
def test_path_with_dropout_equals_the_fused_one(causal):
    """With a rate that drops nothing, the explicit attention gives the same."""
    ids = np.random.default_rng(0).integers(0, 20, (2, 12))
    model = _tiny(causal=causal, dropout=0.0, attention_dropout=1e-7)
    with_dropout = keras.ops.convert_to_numpy(model(ids, training=True))
    fused = keras.ops.convert_to_numpy(model(ids, training=False))
    np.testing.assert_allclose(with_dropout, fused, atol=1e-4)


def test_dropout_acts_in_training_only():
    ids = np.random.default_rng(0).integers(0, 20, (2, 12))
    model = _tiny(dropout=0.5, attention_dropout=0.5)
    calm = [keras.ops.convert_to_numpy(model(ids)) for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    noisy = [keras.ops.convert_to_numpy(model(ids, training=True)) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-2


def test_too_long_a_sequence_is_named():
    with pytest.raises(ValueError, match=r"at most 12 ids. Received: inputs.shape"):
        _tiny()(np.zeros((1, 13), "int32"))


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="Received: hidden_dim=16, num_heads=3"):
        _tiny(num_heads=3)


@pytest.mark.parametrize(
    ("size", "vocabulary", "length", "expected"),
    [
        ("base", 1127, 1025, 87_301_991),
        pytest.param(*("large", 1127, 1025, 305_567_847), marks=once),
        ("base", 1041, 1026, 87_236_625),
        pytest.param(*("large", 1041, 1026, 305_480_721), marks=once),
    ],
)
def test_parameter_count(size, vocabulary, length, expected):
    model = km.MaskedVideoTransformer.from_size(size, vocabulary, length)
    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert count == expected


def test_huge_is_the_papers():
    """634M in the paper's Appendix A.2; computed, since it would take 2.5 GB."""
    size = km.models.transformer.SIZES["huge"]
    width, mlp = size["hidden_dim"], size["mlp_dim"]
    attention = 4 * (width * width + width)
    block = attention + 2 * width * mlp + mlp + width + 4 * width
    embeddings = (1041 + 1026) * width
    head = width * width + 5 * width + 1041
    total = size["num_layers"] * block + embeddings + head
    assert round(total / 1e6) in (633, 634)
