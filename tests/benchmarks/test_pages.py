"""Tables of scaling, of Figure 5 and of memory, from lines that were measured before."""

import json

import pytest

from benchmarks import figure5, lines, memory, scaling, systems
from benchmarks.case import Case
from keras_magvit.presets import shapes
from keras_magvit.presets.table import PRESETS
from tests.conftest import once

pytestmark = once

CASE = Case("generate", "torch", "bfloat16")


def line(case, seconds, **more):
    return {
        "key": case.key,
        "case": case.config(),
        "seconds": seconds,
        "seconds_a_frame": seconds / case.frames / case.batch,
        "gflops_per_second": 250.0,
        "peak_memory_gib": 2.5,
        "memory_before_gib": 0.5,
        "versions": {"torch": "2.13"},
        "machine": "2 cores",
        "threads": 2,
        "device": "cpu",
        "date": "2026-11-25",
        **more,
    }


# === Scaling =========================================================================


def test_scaling_changes_one_axis_at_a_time():
    by_axis = scaling.cases(CASE, {"batch": (1, 4), "frames": (8,)})
    assert by_axis["batch"] == [CASE, CASE.replace(batch=4)]
    assert by_axis["frames"] == [CASE.replace(frames=8)]


def test_scaling_renders_what_is_there(tmp_path, capsys):
    for batch, seconds in ((1, 4.0), (2, 6.4)):
        lines.append(
            tmp_path / "scaling.jsonl", line(CASE.replace(batch=batch), seconds)
        )
    words = ["--render", "--axes", "batch", "--batches", "1", "2", "4"]
    scaling.main([*words, "--out", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| clips | 1 | 4 s | 0.25 s | 250 | 2.50 GiB |",
        "| clips | 2 | 6.4 s | 0.2 s | 250 | 2.50 GiB |",
    ]
    assert "torch 2.13" in (tmp_path / "scaling.md").read_text()
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")


# === Figure 5 ========================================================================


def test_sequences_and_steps_are_the_papers():
    def facts(name):
        system = systems.SYSTEMS[name]
        return system.sequence(CASE), system.steps(CASE), system.temporal_kernel

    assert facts("magvit") == (1024, 12, 3)
    assert facts("maskgit-2d") == (4096, 12, 1)
    assert facts("maskvit") == (4096, 18, 1)
    assert facts("autoregressive") == (1024, 1024, 3)
    assert facts("diffusion") == (16 * 128 * 128, 256, None)


def test_figure_5_renders_what_is_there(tmp_path, capsys):
    case = systems.case_of("torch", "bfloat16", "B", 128)
    for name, step, steps, decoding in (
        ("magvit", 0.5, 12, 2.0),
        ("diffusion", 1.0, 256, 0.0),
    ):
        whole = (step * steps + decoding) / 16
        more = {
            "key": figure5.key(name, case),
            "system": name,
            "sequence": systems.SYSTEMS[name].sequence(case),
            "steps": steps,
            "step_seconds": step,
            "tokenizer_seconds": decoding,
            "seconds_a_frame": whole,
            "transformer_seconds_a_frame": step * steps / 16,
            "tokenizer_seconds_a_frame": decoding / 16,
        }
        lines.append(tmp_path / "figure5.jsonl", line(case, 0, **more))
    figure5.main(["--render", "--sizes", "128", "--out", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| MAGVIT | 128 | 1,024 | 12 | 0.5 s | 0.375 s | 0.125 s | 0.5 s | 2 |",
        "| Video diffusion U-Net | 128 | 262,144 | 256 | 1 s | 16 s | - | 16 s | 0.0625 |",
    ]
    assert "One step and one decoding" in (tmp_path / "figure5.md").read_text()
    assert (tmp_path / "figure5.png").read_bytes().startswith(b"\x89PNG")


# === Memory ==========================================================================


def test_weights_are_those_of_the_preset():
    preset = PRESETS["ssv2_mt10"]
    case = memory.case_of(preset, "generate", "float32", 1)
    assert memory.expected(case)["weights"] == 4 * preset.parameters
    half = case.replace(dtype="bfloat16")
    assert memory.expected(half)["weights"] == 2 * preset.parameters


def test_training_keeps_four_copies_and_an_average():
    case = Case("train-tokenizer", size=64)
    tokenizer = shapes.count(shapes.tokenizer(**case.tokenizer))
    judge = shapes.count(shapes.discriminator(**case.discriminator))
    assert memory.expected(case)["weights"] == 4 * (5 * tokenizer + 4 * judge)


@pytest.mark.parametrize("work", ["decode", "generate", "train-tokenizer"])
def test_activations_grow_with_the_batch(work):
    one = memory.expected(Case(work, batch=1))["activations"]
    assert memory.expected(Case(work, batch=3))["activations"] == 3 * one


def test_half_precision_needs_less():
    full = memory.gib(memory.expected(Case("train-transformer", batch=4)))
    half = Case("train-transformer", dtype="mixed_bfloat16", batch=4)
    assert 0.4 * full < memory.gib(memory.expected(half)) < 0.8 * full


def test_table_has_every_kind_of_preset(capsys):
    memory.main(["--batches", "1", "2"])
    text = capsys.readouterr().out
    for title in ("base tokenizers, 64", "large models, 128", "huge models, 128"):
        assert title in text
    assert all(row.count("|") == 6 for row in text.splitlines())


def test_expected_stands_beside_measured(tmp_path, capsys):
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(line(CASE, 4.0)) + "\n")
    memory.main(["--check", str(path)])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"| {CASE} | ") and last.endswith("| 2.5 GiB |")


def test_unknown_presets_are_refused(capsys):
    with pytest.raises(SystemExit):
        memory.main(["--preset", "k700_fp"])
    assert "no such preset: ['k700_fp']" in capsys.readouterr().err
