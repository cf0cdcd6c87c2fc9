"""COMMIT and its rivals against the official masks and the paper's definition."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.ops.masking import MASK, WEIGHTS, commit_mask

MODES = {  # ours -> the official `condition_mode`
    "none": "None",
    "commit": "cond->input",
    "latent": "input->input",
    "prefix": "cond->cond",
}


def arrays(results):
    return [keras.ops.convert_to_numpy(x) for x in results]


def _cases():
    for region in ("frame", "region"):
        for mode in MODES:
            if (region, mode) == ("region", "none"):
                continue
            for weights in ("mask+refine", "mask+refine+recons"):
                yield region, mode, weights


@pytest.mark.parametrize(("region", "mode", "weights"), list(_cases()))
def test_equals_official(golden, parity_exact, region, mode, weights):
    data = golden("masks")
    ids, cond_ids = (data[k].astype("int32") for k in ("inputs", "cond_inputs"))
    latent_mask = data[f"cond_mask_{region}"]
    for i, ratio in enumerate(data["mask_ratios"]):
        key = f"random_mask/{region}/{MODES[mode]}/{weights}/r{i}"
        inputs, targets, loss_weights = arrays(
            commit_mask(
                ids, cond_ids, latent_mask, data["mask_score"], ratio, weights, mode
            )
        )
        parity_exact(f"masking: {mode}", inputs, data[f"{key}/masked_inputs"])
        parity_exact(f"masking: {mode}", loss_weights, data[f"{key}/weights"])
        if f"{key}/targets" in data:
            parity_exact(f"masking: {mode}", targets, data[f"{key}/targets"])


def test_ties_limits_and_ratios_of_one_s_own_equal_official(golden, parity_exact):
    data = golden("masks")
    inputs, _, weights = commit_mask(
        data["inputs"].astype("int32"),
        None,
        None,
        data["ties/mask_score"],
        data["ties/mask_ratio"],
        weights="mask+refine",
        mode="none",
        limits=(1, data["ties/limit_max"]),
    )
    parity_exact("masking: ties", inputs, data["ties/masked_inputs"])
    parity_exact("masking: ties", weights, data["ties/weights"])


def test_a_limit_of_zero_masks_nothing(golden):
    """Deviation: the official code wraps around and masks everything."""
    data = golden("masks")
    assert data["limit0/weights"].all()
    ids = data["inputs"].astype("int32")
    score = np.full(ids.shape, np.inf, "float32")
    score[:, 0, 0, 0] = -1
    inputs, _, weights = commit_mask(
        ids, None, None, score, 0.5, "mask+refine", "none", limits=(1, 0)
    )
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(inputs), ids)
    assert not keras.ops.convert_to_numpy(weights).any()


def _reference(ids, cond_ids, covered, score, ratio, mode):
    """The definition, cell by cell: `(inputs, part)` with the part of the loss."""
    inputs, part = ids.copy(), np.full(ids.shape, "recons", dtype=object)
    for b in range(len(ids)):
        fixed = (
            covered[b] if mode in ("latent", "prefix") else np.zeros_like(covered[b])
        )
        if mode == "prefix":
            inputs[b] = np.where(covered[b], cond_ids[b], inputs[b])
        part[b][fixed] = "fixed"
        free = np.argwhere(~fixed)
        count = int(np.floor(np.float32(len(free)) * np.float32(ratio[b])))
        count = min(max(count, 1), len(free))
        order = sorted(map(tuple, free), key=lambda cell: score[b][cell])
        for cell in order[:count]:
            refine = mode == "commit" and covered[b][cell]
            inputs[b][cell] = cond_ids[b][cell] if refine else MASK
            part[b][cell] = "refine" if refine else "mask"
    return inputs, part


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    ratio=st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=2),
    mode=st.sampled_from(sorted(MODES)),
    weights=st.sampled_from(WEIGHTS),
)
def test_equals_the_definition(seed, ratio, mode, weights):
    rng = np.random.default_rng(seed)
    shape = (2, 2, 3, 3)
    ids, cond_ids = rng.integers(0, 9, (2, *shape)).astype("int32")
    covered = rng.random(shape) < rng.random()
    covered[:, 0, 0, 0] = False  # something must be left to generate
    score = rng.permuted(np.linspace(0, 1, 18)).reshape(1, 2, 3, 3).repeat(2, 0)
    expected, part = _reference(ids, cond_ids, covered, score, ratio, mode)
    inputs, targets, loss_weights = arrays(
        commit_mask(
            ids,
            cond_ids,
            covered,
            score.astype("float32"),
            np.asarray(ratio, "float32"),
            weights,
            mode,
        )
    )
    np.testing.assert_array_equal(inputs, expected)
    np.testing.assert_array_equal(loss_weights, np.isin(part, weights.split("+")))
    truth = np.where(covered, cond_ids, ids) if mode == "prefix" else ids
    np.testing.assert_array_equal(targets, truth)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_without_condition_commit_is_plain_masking(weights):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, (2, 2, 4, 4)).astype("int32")
    score = rng.random(ids.shape).astype("float32")
    plain = arrays(commit_mask(ids, None, None, score, 0.5, weights, "none"))
    commit = arrays(commit_mask(ids, None, None, score, 0.5, weights, "commit"))
    for a, b in zip(plain, commit, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": np.zeros((2, 4, 4), int)}, "ids.shape=(2, 4, 4)"),
        ({"mode": "cond"}, "mode='cond'"),
        ({"weights": "refine"}, "weights='refine'"),
        ({"cond_ids": None}, "cond_ids=None"),
    ],
)
def test_bad_arguments(change, message):
    ids = np.zeros((1, 1, 2, 2), "int32")
    arguments = {
        "ids": ids,
        "cond_ids": ids,
        "latent_mask": np.zeros(ids.shape, bool),
        "score": np.zeros(ids.shape, "float32"),
        "ratio": 0.5,
    }
    with pytest.raises(ValueError, match="Received: ") as error:
        commit_mask(**{**arguments, **change})
    assert message in str(error.value)
