"""From JAX and PyTorch: a TensorFlow process writes the graphs."""

import pathlib

import keras
import numpy as np
import pytest

from keras_magvit.export import ExportError, export_model

onnxruntime = pytest.importorskip("onnxruntime", reason="comes with `export`")
pytest.importorskip("tf2onnx", reason="comes with the extra `export`")
pytestmark = pytest.mark.skipif(
    keras.config.backend() != "jax",
    reason="one backend but TensorFlow tells as much as two",
)


def test_graphs_from_jax_do_what_jax_does(shared_tokenizer, clips, tmp_path):
    made = export_model(shared_tokenizer, tmp_path / "out")
    assert made["files"] == {"encoder": "encoder.onnx", "decoder": "decoder.onnx"}
    video = clips(3)
    ids = keras.ops.convert_to_numpy(shared_tokenizer.encode(video))
    session = onnxruntime.InferenceSession(str(tmp_path / "out" / "encoder.onnx"))
    assert np.mean(session.run(None, {"video": video})[0] == ids) >= 0.999
    session = onnxruntime.InferenceSession(str(tmp_path / "out" / "decoder.onnx"))
    expected = keras.ops.convert_to_numpy(shared_tokenizer.decode(ids))
    made = session.run(None, {"ids": ids})[0]
    np.testing.assert_allclose(made, expected, atol=1e-3)


def test_what_the_process_refuses_is_told_here(shared_tokenizer, tmp_path, monkeypatch):
    def unreadable(self, path):
        path = pathlib.Path(path)
        path.mkdir()
        (path / "config.json").write_text('{"class_name": "VideoTokenizer"}')

    monkeypatch.setattr(type(shared_tokenizer), "save_to_preset", unreadable)
    with pytest.raises(ExportError, match="Received: preset="):
        export_model(shared_tokenizer, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
