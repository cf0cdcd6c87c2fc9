"""The presets that ship, in every format; `python -m benchmarks.export` measures more."""

import keras
import pytest

import keras_magvit as km
from keras_magvit.export import FORMATS, export_model
from keras_magvit.presets import PRESETS

pytest.importorskip("tf2onnx", reason="comes with the extra `export`")
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(
        keras.config.backend() != "tensorflow", reason="graphs are TensorFlow's"
    ),
]
SHIPPED = [
    name
    for name, row in PRESETS.items()
    if row.kind == "MAGVIT" and row.weights and "://" not in row.weights
]
FIGURES = {"encoder_ids", "decoder_error", "logits_error", "step_tokens"}


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("preset", SHIPPED)
def test_a_shipped_preset(preset, to, tmp_path):
    model = km.MAGVIT.from_preset(preset)
    made = export_model(model, tmp_path / "out", to, int8=to == "onnx")
    checked = made["checked"]
    # LiteRT leaves the loop to its caller.
    assert set(checked) == FIGURES | ({"decode_tokens"} if to != "litert" else set())
    for name, figure in checked.items():
        assert figure <= 1e-3 if name.endswith("_error") else figure >= 0.999
    if to == "onnx":
        assert made["int8"]["step_tokens"] >= 0.95
