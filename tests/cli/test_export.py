"""export hands its options on and tells what was written, or why nothing was."""

from pathlib import Path

import pytest

from keras_magvit import export

pytest.importorskip("tf2onnx", reason="comes with the extra `export`")


def test_options_reach_the_export(run, preset, monkeypatch, shared_model):
    seen = []

    def export_model(model, directory, to, **options):
        seen.append((model, directory, to, options))
        files = {"encoder": "encoder.onnx", "decode": "decode.onnx"}
        return {"files": files, "checked": {"decode_tokens": 1.0}}

    monkeypatch.setattr(export, "export_model", export_model)
    words = ("--preset", preset, "--to", "onnx", "--out", "made/", "--int8")
    out, err = run("export", *words, "--steps", 8, "--guidance-scale", 1.5)
    assert out == (
        "wrote made/decode.onnx\nwrote made/encoder.onnx\nchecked: decode_tokens 1\n"
    )
    assert err == ""
    options = {"num_steps": 8, "guidance_scale": 1.5, "int8": True, "overwrite": False}
    assert seen == [(shared_model, "made", "onnx", options)]


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_what_is_no_export_is_kept(refused, preset, overwrite):
    Path("made").mkdir()
    Path("made/letter.txt").write_text("dear")
    line = refused("export", "--preset", preset, "--out", "made", *overwrite)
    assert "is not an export, and is kept" in line
    assert Path("made/letter.txt").read_text() == "dear"


def test_a_format_that_there_is_not(refused, preset):
    assert "invalid choice: 'caffe'" in refused(
        *("export", "--preset", preset, "--out", "made", "--to", "caffe")
    )
