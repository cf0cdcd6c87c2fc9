"""One measurement, from the words of the command to the line."""

import json
import os

import keras
import pytest

from benchmarks import flops, lines, run
from benchmarks.case import Case
from benchmarks.clock import Clock

WORDS = ["--model", "tiny", "--frames", "4", "--size", "8", "--quiet"]
WORDS += ["--backend", keras.config.backend()]


def test_a_line_has_all_fields_and_its_figures_fit(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", keras.config.backend())
    path = tmp_path / "results.jsonl"
    words = [*WORDS, "--work", "forward", "--repeats", "2", "--out", str(path)]
    run.main(words)
    (line,) = lines.read(path)
    assert line == json.loads(capsys.readouterr().out)
    assert set(line) == {"case", *lines.FIELDS}

    case = Case(**line["case"])
    assert line["key"] == case.key
    assert line["flops"] == sum(flops.total(flops.of(case)).values())
    rate = line["flops"] / line["seconds"] / 1e9
    assert line["gflops_per_second"] == pytest.approx(rate)
    assert len(line["runs"]) == 2 and line["first_seconds"] > 0
    assert line["seconds_low"] <= line["seconds"] <= line["seconds_high"]
    assert line["seconds_a_frame"] == pytest.approx(line["seconds"] / 4)
    best = line["ceiling"]["matmul"]["gflops"]
    assert line["share_of_ceiling"] == pytest.approx(rate / best)
    assert "conv" not in line["ceiling"]  # a transformer has none
    assert line["peak_memory_gib"] >= line["memory_before_gib"] > 0
    assert line["threads"] == len(os.sched_getaffinity(0))

    # What the file holds is told, and not measured again.
    monkeypatch.setattr(run, "measure", None)
    run.main(words)
    assert json.loads(capsys.readouterr().out) == line


@pytest.mark.parametrize("work", ["decode", "generate"])
def test_works_run(work):
    case = Case(work, keras.config.backend(), "float32", "tiny", 8, 4, steps=2)
    line = run.measure(case, Clock(repeats=1), with_ceiling=False)
    assert line["seconds"] > 0 and line["share_of_ceiling"] is None
    if work == "generate":
        parts = line["parts"]
        assert set(parts) == {"transformer", "tokenizer"}
        assert sum(parts.values()) == pytest.approx(line["seconds"], rel=1e-3)


@pytest.mark.heavy  # traces and compiles two training steps
@pytest.mark.parametrize("work", ["train-tokenizer", "train-transformer"])
def test_training_runs(work):
    case = Case(work, keras.config.backend(), "float32", "tiny", 16, 4)
    line = run.measure(case, Clock(repeats=2), with_ceiling=False)
    assert len(line["runs"]) == 2
    assert line["first_seconds"] > max(line["runs"])


def test_another_backend_than_that_of_the_process_is_refused():
    other = "jax" if keras.config.backend() != "jax" else "torch"
    case = Case("forward", other, model="tiny", frames=4, size=8)
    with pytest.raises(ValueError, match=f"Received: backend='{other}'"):
        run.measure(case, Clock())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--work", "encode", "--size", "13"], "must be multiples of"),
        (["--work", "encode", "--batch", "0"], "Received: batch=0"),
        (["--work", "encode", "--threads", "0"], "Received: threads=0"),
        (["--work", "bake"], "invalid choice: 'bake'"),
        ([], "required: --work"),
    ],
)
def test_bad_words_are_refused_before_anything_is_built(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        run.main(words)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_file_that_holds_something_else_is_refused(tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("milk, bread\n")
    with pytest.raises(SystemExit):
        run.main([*WORDS, "--work", "encode", "--out", str(path)])
    assert "Received: " in capsys.readouterr().err
