"""One step of stage 1 from the same weights and batch, on the three backends."""

import keras
import numpy as np
import pytest

from tests.conftest import once, use_features_as_codebook
from tests.three_backends import PAIRS, results_of
from tests.training import one_step_worker as worker

pytestmark = once  # its three processes compare all backends


@pytest.fixture(scope="module")
def results(tmp_path_factory, videos):
    folder = tmp_path_factory.mktemp("one_step")
    keras.utils.set_random_seed(0)
    trainer = worker.build("hinge")
    # The entropy loss divides distances by 0.01, and multiplies the rounding of long
    # features: these are as long as those of the official golden data.
    last = trainer.tokenizer.encoder.chain[-1].kernel
    last.assign(0.15 * last)
    use_features_as_codebook(trainer.tokenizer, 0)
    weights = worker.weights_of(trainer)
    found = results_of(worker, weights, {"video": videos()}, folder)
    return found, [variable.path for variable in weights]


@pytest.mark.parametrize("kind", worker.KINDS)
@pytest.mark.parametrize("pair", PAIRS)
def test_losses_and_gradients_agree(results, close, pair, kind):
    found, paths = results
    first, second = (found[backend] for backend in pair)
    names = [name for name in first if name.startswith(f"{kind}/")]
    losses = [name for name in names if "/loss " in name]
    assert len(losses) == 11 and len(names) == len(paths) + 11
    for name in losses:
        close(first[name], second[name])
        assert abs(first[name]) > 1e-6  # every term is at work
    # What a norm cancels is zero but for rounding: a small share of the largest.
    largest = max(np.abs(first[name]).max() for name in names if name not in losses)
    for i in range(len(paths)):
        a, b = (found[backend][f"{kind}/gradient {i}"] for backend in pair)
        scale = max(np.abs(b).max(), 1e-2 * largest)
        assert np.abs(a - b).max() <= 1e-4 * scale, paths[i]
