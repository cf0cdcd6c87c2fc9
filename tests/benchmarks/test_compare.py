"""The comparison: its rows, and its table from lines that were measured before."""

import argparse
import csv
import json

import pytest

from benchmarks import compare, lines, report
from benchmarks.case import Case
from tests.conftest import once

pytestmark = once

STAND_IN, TORCH = ("plain-jax", "float32"), ("torch", "bfloat16")
ROWS = [row for row in compare.ROWS if row.name in ("forward", "tokenizer-64")]


def line(case, seconds, share=0.5, **more):
    return {
        "key": case.key,
        "case": case.config(),
        "seconds": seconds,
        "compile_seconds": 1.0,
        "flops": 2e9,
        "share_of_ceiling": share,
        "ceiling": {
            "matmul": {
                "gflops": 400.0,
                "shape": [2, 3, 4],
                "formulation": "plain",
                "formulations": {"plain": 400.0, "transposed": 90.5},
            }
        },
        "peak_memory_gib": 1.5,
        "versions": {"numpy": "2.0"},
        "machine": "2 cores",
        "threads": 2,
        "device": "cpu",
        "date": "2026-11-25",
        **more,
    }


def canned(rows=ROWS, contenders=(STAND_IN, TORCH)):
    """Lines of two contenders: 4 s and 1 s a job, shares of 0.2 and 0.6 by turns."""
    made = []
    for row in rows:
        for contender, seconds in zip(contenders, (4.0, 1.0), strict=False):
            for i, case in enumerate(row.cases(contender, "B")):
                made.append(line(case, seconds * (i + 1), (0.2, 0.6)[i]))
    return made


def table(made):
    return report.comparison(ROWS, (STAND_IN, TORCH), "B", lines.latest(made))


def test_times_are_of_the_stand_ins_seconds():
    forward = table(canned()).rows[0][1]
    assert forward[STAND_IN].seconds == 4.0 and forward[STAND_IN].times is None
    assert forward[TORCH].times == 4.0
    assert forward[TORCH].gflops == 2.0


def test_a_row_of_several_jobs_is_their_sum():
    cell = table(canned()).rows[1][1][TORCH]
    assert cell.seconds == 1.0 + 2.0
    assert cell.compiling == 2.0
    assert cell.share == pytest.approx((0.2 * 1 + 0.6 * 2) / 3)
    assert cell.gflops == pytest.approx(4 / 3)


def test_markdown():
    text = report.markdown(table(canned()))
    assert text.splitlines() == [
        "| | plain-jax float32 | torch bfloat16 |",
        "|---|---|---|",
        "| Transformer, forward | 4 s (20%) | 1 s, **4.0 times** (20%) |",
        "| 3D-VQ at 64 pixels, encode + decode | 12 s (47%) | 3 s, **4.0 times** (47%) |",
    ]


def test_what_was_not_measured_is_a_dash():
    made = [one for one in canned() if one["case"]["backend"] != "torch"]
    rows = report.markdown(table(made)).splitlines()
    assert rows[2] == "| Transformer, forward | 4 s (20%) | - |"


def test_without_a_stand_in_there_are_no_times():
    made = [one for one in canned() if one["case"]["backend"] == "torch"]
    assert report.markdown(table(made)).splitlines()[2] == (
        "| Transformer, forward | - | 1 s (20%) |"
    )


def test_comma_separated_values():
    rows = list(csv.DictReader(report.comma_separated(table(canned())).splitlines()))
    assert len(rows) == 4
    assert rows[1]["backend"] == "torch" and float(rows[1]["times"]) == 4.0
    assert rows[0]["times"] == ""


def test_training_keeps_weights_in_float32_and_the_stand_in_pads_with_zeros():
    row = next(row for row in compare.ROWS if row.name == "train-tokenizer")
    (trained,) = row.cases(TORCH, "B")
    assert (trained.dtype, trained.size, trained.padding) == (
        "mixed_bfloat16",
        64,
        "reflect",
    )
    (plain,) = row.cases(STAND_IN, "B")
    assert (plain.dtype, plain.padding) == ("float32", "same")


def test_what_is_kept_is_not_measured_again():
    kept = lines.latest(canned())
    assert compare.pending(ROWS, (STAND_IN, TORCH), "B", kept) == []
    (missing,) = [case for case in ROWS[1].cases(TORCH, "B") if case.work == "decode"]
    del kept[missing.key]
    ((row, cases),) = compare.pending(ROWS, (STAND_IN, TORCH), "B", kept)
    # Side by side: the contender that was measured runs again.
    assert row is ROWS[1]
    assert [case.work for case in cases] == ["decode", "decode"]


def test_render_writes_page_values_and_plot(tmp_path, capsys):
    for one in canned(compare.ROWS[1:2]):
        lines.append(tmp_path / "compare.jsonl", one)
    words = ["--render", "--out", str(tmp_path), "--contenders", "torch:bfloat16"]
    compare.main([*words, "--rows", "forward"])
    assert "**4.0 times**" in capsys.readouterr().out
    page = (tmp_path / "compare.md").read_text()
    command = "python -m benchmarks.compare --out"
    assert f"{command} {tmp_path} --contenders torch:bfloat16 --rows forward\n" in page
    assert "2026-11-25; 2 cores, 2 cores used, device cpu; numpy 2.0." in page
    assert "| matmul | 2 x 3 x 4 | 400 | plain (transposed 90.5) |" in page
    assert (tmp_path / "compare.png").read_bytes().startswith(b"\x89PNG")
    assert (
        (tmp_path / "compare.csv").read_text().startswith("job,backend,dtype,seconds")
    )


@pytest.mark.parametrize("text", ["mxnet:float32", "jax:int3"])
def test_unknown_contenders_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"Received: '{text}'"):
        compare.contender(text)


def test_contender_alone_is_float32():
    assert compare.contender("jax") == ("jax", "float32")


def test_amounts_have_three_digits():
    found = [report.amount(value) for value in (0.012345, 1.2345, 12.345, 1234.5)]
    assert found == ["0.0123", "1.23", "12.3", "1234"]


def test_cases_of_the_table_can_be_written_down():
    for row in compare.ROWS:
        for case in row.cases(TORCH, "tiny"):
            assert isinstance(case, Case)
            json.dumps(case.config())
