"""Tables and bounds of an export's figures, of figures made up here."""

import copy

import pytest

from benchmarks import export, export_report
from tests.conftest import once

pytestmark = once  # text
GOOD = {"encoder_ids": 1.0, "decoder_error": 9e-6, "logits_error": 4e-7}
GOOD |= {"step_tokens": 1.0, "decode_tokens": 0.9995}
INT8 = {**GOOD, "step_tokens": 0.984, "decode_tokens": 0.9}
SCORES = {"decode_tokens": 0.97, "psnr": 20.0, "fvd": 300.0, "fvd_to_float32": 4.0}
FIGURES = {
    "export": {"machine": "2 cores", "versions": {"keras": "3.15.1"}},
    "agreement": {
        "onnx": {"1": GOOD, "4": {**GOOD, "decoder_error": 2e-5}},
        "onnx_int8": {"1": dict(INT8), "4": {**INT8, "step_tokens": 0.961}},
        "keras_int8": {"1": dict(INT8), "4": dict(INT8)},
    },
    "sizes": {"onnx": 8_000_000, "onnx_int8": 2_500_000, "keras_int8": 2_000_000},
    "speed_jax": {"onnx": 1.0, "onnx_int8": 0.75, "keras": 1.5},
    "speed_tensorflow": {
        "onnx": 1.25,
        "onnx_int8": 0.5,
        "keras": 2.0,
        "keras_int8": 3.0,
    },
    "videos_onnx": {"clips": 64},
    "quality": {
        "onnx": {**SCORES, "decode_tokens": 1.0, "fvd_to_float32": 0.0},
        "onnx_int8": {**SCORES, "psnr": 19.5},
        "keras_int8": SCORES,
    },
}


def test_tables():
    text, failures = export_report.render(FIGURES)
    assert failures == []
    lines = text.splitlines()
    assert "| decoder, largest difference of a pixel | 9e-06 | 2e-05 |" in lines
    assert "| the whole decode | 99.9% | 99.9% |" in lines  # 99.95 is not all
    # The fastest of two processes, in order.
    speed = [line for line in lines if line.endswith("00.0 |") and "% |" not in line]
    assert speed == [
        "| onnxruntime, int8 | 500.0 |",
        "| onnxruntime | 1000.0 |",
        "| Keras on jax | 1500.0 |",
        "| Keras on tensorflow | 2000.0 |",
        '| Keras, `quantize("int8")` on tensorflow | 3000.0 |',
    ]
    row = "| onnxruntime, int8 | 2.50 MB | 96.1% | 97.0% | 19.50 dB | 300.0 | 4.0 | 500.0 |"
    assert row in lines
    assert lines[-1].startswith("64 clips; 2 cores; keras 3.15.1; ")


@pytest.mark.parametrize(
    "path, value, said",
    [
        (("agreement", "onnx", "4", "logits_error"), 2e-3, "logits_error of batch 4"),
        (("agreement", "onnx", "1", "encoder_ids"), 0.998, "encoder_ids of batch 1"),
        (("agreement", "keras_int8", "1", "step_tokens"), 0.94, "keras_int8, tokens"),
        (("quality", "onnx_int8", "psnr"), 18.9, "onnx_int8 loses 1.10 dB"),
        (("speed_jax", "onnx"), 1.6, "1.600 s, speed_jax 1.500 s"),
    ],
)
def test_a_figure_out_of_its_bounds_is_named(path, value, said):
    figures = copy.deepcopy(FIGURES)
    place = figures
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (failure,) = export_report.render(figures)[1]
    assert said in failure


def test_what_was_not_measured_is_left_out():
    text, failures = export_report.render({"sizes": FIGURES["sizes"]})
    assert failures == [] and "8.00 MB" in text and "batch" not in text


def test_every_part_is_known_to_the_command():
    options = export.parser().parse_args(["preset", "out", "clips"])
    assert options.parts == list(export.PARTS)
    assert set(export.PARTS.values()) == set(export.BACKENDS)
