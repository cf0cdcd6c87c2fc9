"""Algorithm 1 against the official traces, step by step from the recorded noise."""

import itertools

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.models import decode
from keras_magvit.models.decoding import Sampling, autoregressive_step
from keras_magvit.ops.masking import MASK


def array(x):
    return keras.ops.convert_to_numpy(x)


def toy_logits(data):
    """The traces' model: logits = base + table[id], with the last row for [MASK]."""
    base = keras.ops.convert_to_tensor(data["base_logits"])
    table = keras.ops.convert_to_tensor(data["table"])

    def logits_fn(ids):
        row = keras.ops.where(ids < 0, table.shape[0] - 1, ids)
        return base + keras.ops.take(table, row, axis=0)

    return logits_fn


MODES = {None: "none", "cond->input": "commit"}


def _assert_trace(data, case, steps, parity, parity_exact):
    for s, step in enumerate(steps):
        for ours, name in (
            (step.in_tokens, "in_tokens"),
            (step.sampled_tokens, "sampled_tokens"),
            (step.next_masked_tokens, "next_masked_tokens"),
            (step.next_unknown, "next_weights"),
        ):
            recorded = data[f"{case}/{name}"][s]
            parity_exact("decoding: tokens of every step", ours, recorded)
        assert step.mask_ratio == pytest.approx(data[f"{case}/mask_ratio"][s], rel=1e-6)
        left = array(step.unknown).sum((1, 2, 3)) - 1
        np.testing.assert_array_equal(left, data[f"{case}/num_unknown_minus1"][s])
        score, recorded = array(step.mask_score), data[f"{case}/mask_score"][s]
        np.testing.assert_array_equal(np.isinf(score), np.isinf(recorded))
        finite = np.isfinite(recorded)
        if finite.any():
            parity("decoding: mask scores", score[finite], recorded[finite], 1e-5)
    final = data[f"{case}/final_tokens"]
    parity_exact("decoding: result", steps[-1].tokens, final)


@pytest.mark.parametrize(
    "case", ["cosine12", "cond_input8", "exp12", "uniform6_t0", "one_step"]
)
def test_trace_equals_official(golden, parity, parity_exact, case):
    data = golden("decode")
    facts = data.meta["cases"][case]
    mode = MODES[facts["condition_mode"]]
    steps = decode(
        toy_logits(data),
        np.full(data.meta["shape"][:-1], MASK),
        data["cond_inputs"] if mode == "commit" else None,
        data["cond_mask"] if mode == "commit" else None,
        data[f"{case}/categorical_gumbel"],
        data[f"{case}/mask_gumbel"],
        facts["num_iter"],
        facts["schedule"],
        facts["mask_temperature"],
        mode=mode,
        trace=True,
    )
    _assert_trace(data, case, steps, parity, parity_exact)


GUIDED = [
    ("full_generation_g0.0", "none"),
    ("full_generation_g1.5", "none"),
    ("frame_prediction_g0.0", "commit"),
    ("outpainting_c_g0.0", "commit"),
]


@pytest.mark.parametrize(("case", "mode"), GUIDED)
def test_trace_with_transformer_equals_official(
    golden, parity, parity_exact, case, mode
):
    data = golden("fastdecode")
    config = data.meta["config"]
    model = km.conversion.transformer_from_videogvt(data.params(), config)
    vocabulary = km.Vocabulary.released(32, 5)
    sequence = km.models.sequence.TokenSequence(vocabulary, (2, 4, 4))

    def logits_of(prefix_name):
        prefix = data[f"{case}/prefix/{prefix_name}"]
        prefix = np.where(prefix < 0, prefix + vocabulary.size, prefix)
        prefix = keras.ops.convert_to_tensor(prefix.astype("int32"))

        def logits_fn(grid):
            logits = model(sequence.pack(prefix, grid))
            return sequence.unpack(sequence.latent_positions(logits))

        return logits_fn

    scale = data.meta["cases"][f"{case}/"]["guidance_scale"]
    steps = decode(
        logits_of("masked_inputs"),
        np.full((2, 2, 4, 4), MASK),
        data["cond_inputs"] if mode == "commit" else None,
        data[f"{case}/cond_mask"] if mode == "commit" else None,
        data[f"{case}/categorical_gumbel"],
        data[f"{case}/mask_gumbel"],
        6,
        mode=mode,
        trace=True,
        uncond_logits_fn=logits_of("uncond_masked_inputs") if scale else None,
        guidance_scale=scale,
    )
    _assert_trace(data, case, steps, parity, parity_exact)


def _random_decode(logits_fn=None, steps=4, shape=(2, 1, 3, 3), **kwargs):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(*shape, 8)).astype("float32")
    logits_fn = logits_fn or (lambda ids: keras.ops.convert_to_tensor(logits))
    noise = [
        rng.gumbel(size=(steps, *s)).astype("float32") for s in ((*shape, 8), shape)
    ]
    arguments = {"ids": np.full(shape, MASK), "cond_ids": None, "latent_mask": None}
    return decode(
        logits_fn,
        **{**arguments, **kwargs},
        categorical_gumbel=noise[0],
        mask_gumbel=noise[1],
        num_steps=steps,
        trace=True,
    )


@pytest.mark.parametrize("steps", [1, 2, 9, 10, 20])
def test_each_step_settles_a_cell_and_settled_cells_stay(steps):
    """Also with more steps than cells: then the last ones draw nothing (deviation: the
    official code starts over when a single cell is left)."""
    trace = _random_decode(steps=steps)
    for step, following in itertools.pairwise(trace):
        before, after = array(step.unknown), array(following.unknown)
        assert (after <= before).all()
        left, next_left = before.sum((1, 2, 3)), after.sum((1, 2, 3))
        assert (next_left == np.maximum(left - 1, 0)).all() or (next_left < left).all()
        settled = ~after
        np.testing.assert_array_equal(
            array(step.tokens)[settled], array(following.in_tokens)[settled]
        )
    result = array(trace[-1].tokens)
    assert result.min() >= 0
    assert result.max() < 8


def test_latent_mode_keeps_known_ids_and_prefix_mode_condition_ids():
    rng = np.random.default_rng(1)
    ids, cond_ids = rng.integers(0, 8, (2, 2, 1, 3, 3)).astype("int32")
    covered = rng.random((2, 1, 3, 3)) < 0.4
    for mode, kept in (("latent", ids), ("prefix", cond_ids)):
        trace = _random_decode(
            ids=ids, cond_ids=cond_ids, latent_mask=covered, mode=mode
        )
        for step in trace:
            for grid in (step.in_tokens, step.tokens):
                np.testing.assert_array_equal(array(grid)[covered], kept[covered])


def test_callback_sees_every_step_in_order():
    seen = []
    rng = np.random.default_rng(0)
    logits = keras.ops.convert_to_tensor(rng.normal(size=(1, 1, 2, 2, 4)))
    noise = rng.gumbel(size=(3, 1, 1, 2, 2, 4)), rng.gumbel(size=(3, 1, 1, 2, 2))
    result = decode(
        lambda ids: logits,
        np.full((1, 1, 2, 2), MASK),
        None,
        None,
        *noise,
        num_steps=3,
        callback=lambda step: seen.append((step.step, array(step.tokens))),
    )
    assert [s for s, _ in seen] == [0, 1, 2]
    np.testing.assert_array_equal(seen[-1][1], array(result))


def test_greedy_without_noise_is_the_argmax():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1, 1, 3, 3, 8)).astype("float32")
    noise = rng.gumbel(size=(2, 1, 1, 3, 3, 8)), rng.gumbel(size=(2, 1, 1, 3, 3))
    result = decode(
        lambda ids: keras.ops.convert_to_tensor(logits),
        np.full((1, 1, 3, 3), MASK),
        None,
        None,
        *noise,
        num_steps=2,
        choice_temperature=0.0,
        sampling_temperature=0.0,
    )
    np.testing.assert_array_equal(array(result), logits.argmax(-1))


def test_autoregressive_steps_sample_each_id_given_the_earlier_ones():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(9, 8)).astype("float32") * 3
    noise = rng.gumbel(size=(4, 2, 8)).astype("float32")

    def logits_fn(ids):
        flat = keras.ops.reshape(ids, (2, 4))
        start = keras.ops.full((2, 1), 8, "int32")
        previous = keras.ops.concatenate([start, flat[:, :-1]], axis=1)
        logits = keras.ops.take(keras.ops.convert_to_tensor(table), previous, axis=0)
        return keras.ops.reshape(logits, (2, 1, 2, 2, 8))

    ids = keras.ops.zeros((2, 1, 2, 2), "int32")
    for position in range(4):
        ids = autoregressive_step(logits_fn, ids, position, noise[position], 1.0)
    expected = np.zeros((2, 4), int)
    for b in range(2):
        previous = 8
        for i in range(4):
            previous = expected[b, i] = (table[previous] + noise[i, b]).argmax()
    np.testing.assert_array_equal(array(ids).reshape(2, 4), expected)


@pytest.mark.parametrize(
    "change",
    [
        {"num_steps": 0},
        {"num_steps": 1.5},
        {"schedule": "sine"},
        {"choice_temperature": -1.0},
        {"sampling_temperature": float("nan")},
        {"top_k": -1},
        {"top_p": 1.5},
    ],
)
def test_bad_settings(change):
    with pytest.raises(ValueError, match="Received: "):
        Sampling(**change)
