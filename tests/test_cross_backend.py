"""The same weights and noise on the three backends: features, steps, whole decodes."""

import keras
import numpy as np
import pytest

from tests import cross_backend_worker as worker
from tests.conftest import once
from tests.three_backends import PAIRS, results_of

pytestmark = once  # its three processes compare all backends


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backends")
    keras.utils.set_random_seed(0)
    model = worker.build()
    rng = np.random.default_rng(0)
    video = rng.random((2, 4, 32, 32, 3), "float32")
    features = keras.ops.convert_to_numpy(model.tokenizer.encode_features(video))
    rows = rng.choice(256, 64, replace=False)
    model.tokenizer.quantizer.codebook.assign(features.reshape(-1, 16)[rows])
    for weight in model.transformer.trainable_variables:
        if len(weight.shape) > 1:
            weight.assign(rng.normal(size=weight.shape, scale=0.5))

    grid = (2, *model.latent_shape)
    arrays = {
        "video": video,
        "some_ids": rng.integers(0, 64, grid),
        "categorical_gumbel": rng.gumbel(size=(worker.STEPS, *grid, 64)),
        "mask_gumbel": rng.gumbel(size=(worker.STEPS, *grid)),
        "states": rng.integers(-1, 64, (worker.STEPS, *grid)).astype("int32"),
        "prefix": rng.integers(0, 64, (2, 2)).astype("int32"),
    }
    arrays = {
        k: v.astype("float32") if v.dtype == "float64" else v for k, v in arrays.items()
    }
    return results_of(worker, worker.weights_of(model), arrays, folder)


@pytest.mark.parametrize("pair", PAIRS)
def test_features_reconstructions_and_ids_agree(results, pair):
    first, second = (results[b] for b in pair)
    for name in ("features", "decoded"):
        scale = np.abs(first[name]).max()
        assert np.abs(first[name] - second[name]).max() <= 1e-4 * scale
    assert (first["ids"] == second["ids"]).mean() >= 0.999


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("step", range(worker.STEPS))
def test_each_step_draws_the_same_from_the_same_state(results, pair, step):
    first, second = (results[b] for b in pair)
    logits = first[f"step_{step}/logits"]
    difference = np.abs(logits - second[f"step_{step}/logits"]).max()
    assert difference <= 1e-4 * np.abs(logits).max()
    np.testing.assert_array_equal(
        first[f"step_{step}/drawn"], second[f"step_{step}/drawn"]
    )


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("task", worker.TASKS)
def test_whole_decodes_agree(results, pair, task):
    first, second = (results[b] for b in pair)
    tokens = [r[f"{task}/tokens"] for r in (first, second)]
    assert (tokens[0] == tokens[1]).mean() >= 0.999
    # The outcome is not trivial: steps differ, and many ids occur.
    assert len(np.unique(tokens[0][-1])) > 20
    assert (tokens[0][0] != tokens[0][-1]).any()
    assert np.abs(first[f"{task}/video"] - second[f"{task}/video"]).max() <= 1e-3
