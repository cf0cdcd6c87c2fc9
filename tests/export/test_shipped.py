"""The preset that ships, in every format."""

import keras
import pytest

import keras_magvit as km
from keras_magvit.export import FORMATS, export_model

pytest.importorskip("tf2onnx", reason="comes with the extra `export`")
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(
        keras.config.backend() != "tensorflow", reason="graphs are TensorFlow's"
    ),
]


@pytest.mark.parametrize("to", FORMATS[:2])  # LiteRT: see docs/export.md
def test_the_shipped_preset(to, tmp_path):
    model = km.MAGVIT.from_preset("moving_digits_mt10_micro")
    made = export_model(model, tmp_path / "out", to, int8=to == "onnx")
    checked = made["checked"]
    names = {"encoder_ids", "decoder_error", "logits_error"}
    names |= {"step_tokens", "decode_tokens"}
    assert set(checked) == names
    for name, figure in checked.items():
        assert figure <= 1e-3 if name.endswith("_error") else figure >= 0.999
    if to == "onnx":
        assert made["int8"]["step_tokens"] >= 0.95
        assert made["int8"]["decode_tokens"] >= 0.95
