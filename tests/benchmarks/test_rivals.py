"""The rivals of Figure 5 compute what their papers say."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_magvit as km
from benchmarks import rivals, systems
from benchmarks.case import Case
from tests.conftest import once

pytestmark = once

CASE = Case("forward", model="tiny", frames=4, size=16)
NUMPY = keras.ops.convert_to_numpy


def test_windows_see_a_frame_and_then_a_column():
    grid = (4, 4, 4)
    ids = np.zeros((1, 64), "int32")
    changed = ids.copy()
    changed[0, 0] = 5  # the first cell of the first frame

    def reach(blocks):
        config = {**CASE.transformer, "max_length": 64, "num_layers": blocks}
        network = km.MaskedVideoTransformer(**config)
        for weight in network.weights:  # so small at first that hardly anything shows
            if weight.path.endswith("kernel"):
                weight.assign(20 * NUMPY(weight))
        model = rivals.WindowTransformer(network, grid, (2, 2))
        before, after = (NUMPY(model(ops.convert_to_tensor(x))) for x in (ids, changed))
        return np.abs(after - before).max(axis=(0, 2)).reshape(grid) > 1e-6

    whole = reach(2)
    one = reach(1)
    assert one[0].all() and not one[1:].any()
    assert whole.all()  # the frame's cells, each down its column


def test_one_token_with_a_cache_is_the_last_of_a_causal_pass(close):
    network = rivals.transformer(CASE, 6)
    network.causal = True
    for block in network.blocks:
        block.attention.causal = True
    ids = np.random.default_rng(0).integers(0, 64, (2, 6)).astype("int32")
    # The cache's step embeds its token at position 0: let all positions be alike.
    table = network.position_embedding.embeddings
    table.assign(np.zeros(table.shape, "float32"))

    columns = []
    x = network.embed(ops.convert_to_tensor(ids[:, :5]))
    for block in network.blocks:
        attention = block.attention
        columns.append(ops.stack([attention.key(x), attention.value(x)]))
        x = block(x)
    step = rivals.CachedStep(network)
    logits, column = step(ops.convert_to_tensor(ids[:, 5:]), ops.stack(columns))
    close(logits[:, 0], network(ops.convert_to_tensor(ids))[:, 5], 1e-5)
    assert tuple(column.shape) == (2, 2, 2, 1, 4, 8)


@pytest.mark.heavy  # half a gigabyte of weights
def test_the_u_net_has_a_few_weights_less_than_magvit():
    case = systems.case_of("torch", "float32", "B", 64)
    network = rivals.VideoUNet(video_shape=case.video_shape)
    assert 0.8 < network.count_params() / 128e6 < 1.0


def test_the_u_net_keeps_the_size_of_the_clip():
    network = rivals.VideoUNet(64, (1, 2), 1, 8, video_shape=(2, 16, 16))
    video = np.random.default_rng(0).random((1, 2, 16, 16, 3), "float32")
    noise = NUMPY(network(ops.convert_to_tensor(video)))
    assert noise.shape == video.shape and np.isfinite(noise).all()
    # Frames see each other: a change in one reaches the other.
    video[:, 1] += 1
    assert (
        np.abs(NUMPY(network(ops.convert_to_tensor(video)))[:, 0] - noise[:, 0]).max()
        > 0
    )
