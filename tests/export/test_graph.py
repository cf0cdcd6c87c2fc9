"""Passes over ONNX graphs, on graphs written by hand."""

import numpy as np
import pytest

from keras_magvit.export.graph import tidied
from keras_magvit.export.loop import decode_graph
from tests.conftest import once

onnx = pytest.importorskip("onnx", reason="comes with the extra `export`")
onnxruntime = pytest.importorskip("onnxruntime", reason="comes with `export`")
pytestmark = once  # no backend takes part


def _run(model, **feeds):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def test_a_reshape_that_looks_for_its_target_gets_a_number():
    model = onnx.parser.parse_model(
        """
        <ir_version: 9, opset_import: ["": 18]>
        g (float[batch, 6] x) => (float[batch, 2, 3] y)
        <int64[1] tail = {2}, int64[1] last = {3}, float[4] unread = {0, 0, 0, 0}> {
            shape = Shape <start: int = 0, end: int = 1> (x)
            target = Concat <axis: int = 0> (shape, tail, last)
            nothing = Neg (unread)
            y = Reshape (x, target)
        }
        """
    )
    x = np.arange(12, dtype="float32").reshape(2, 6)
    made = tidied(model)
    np.testing.assert_array_equal(_run(made, x=x)[0], x.reshape(2, 2, 3))
    assert [node.op_type for node in made.graph.node] == ["Reshape"]
    assert [value.name for value in made.graph.initializer] == ["shape_of_y"]


START = """
    <ir_version: 9, opset_import: ["": 18]>
    start (int32[batch, 1, 1, 2] cond_ids, bool[batch, 1, 1, 2] latent_mask)
    => (int32[batch, 1, 1, 2] in_tokens, bool[batch, 1, 1, 2] unknown) {
        in_tokens = Identity (cond_ids)
        unknown = Not (latent_mask)
    }
"""
# Adds the number of the step where unknown; after it, the last cell is known.
STEP = """
    <ir_version: 9, opset_import: ["": 18]>
    step (int32[batch, 1, 1, 2] in_tokens, bool[batch, 1, 1, 2] unknown,
          int32[batch, 1, 1, 2] cond_ids, bool[batch, 1, 1, 2] latent_mask,
          float[batch, 1, 1, 2, 1] categorical_gumbel, float[batch, 1, 1, 2] mask_gumbel,
          float mask_ratio, float noise_scale)
    => (int32[batch, 1, 1, 2] tokens, int32[batch, 1, 1, 2] next_in_tokens,
        bool[batch, 1, 1, 2] next_unknown)
    <bool[2] keeps = {1, 0}> {
        amount = Add (mask_gumbel, mask_ratio)
        whole = Cast <to: int = 6> (amount)
        more = Add (in_tokens, whole)
        tokens = Where (unknown, more, in_tokens)
        next_in_tokens = Identity (tokens)
        next_unknown = And (unknown, keeps)
    }
"""


@pytest.mark.parametrize("steps", [1, 3])
def test_the_loop_carries_the_state_and_takes_a_row_of_noise_a_step(steps):
    model = decode_graph(onnx.parser.parse_model(START), onnx.parser.parse_model(STEP))
    model = tidied(model)
    noise = np.arange(1, steps + 1, dtype="float32")
    feeds = {
        "cond_ids": np.array([[[[5, 6]]], [[[7, 8]]]], "int32"),
        "latent_mask": np.array([[[[False, False]]], [[[True, False]]]]),
        "mask_gumbel": noise[:, None, None, None, None] * np.ones((2, 1, 1, 2), "f"),
        "mask_ratio": 10 * noise,
    }
    wanted = {value.name for value in model.graph.input}
    assert wanted >= set(feeds)
    feeds["categorical_gumbel"] = np.zeros((steps, 2, 1, 1, 2, 1), "float32")
    feeds["noise_scale"] = noise
    ids, tokens = _run(model, **{k: v for k, v in feeds.items() if k in wanted})
    added = 11 * np.cumsum(noise).astype(int)
    expected = [[[[[5 + a, 6 + 11]]], [[[7, 8 + 11]]]] for a in added]
    np.testing.assert_array_equal(tokens, expected)
    np.testing.assert_array_equal(ids, expected[-1])
