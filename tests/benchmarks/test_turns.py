"""Processes in turns: their order, their results, and what a failure does."""

import sys
import textwrap

import pytest

from benchmarks import turns
from benchmarks.case import Case
from tests.conftest import once

pytestmark = once

PROCESS = """
    import json, sys
    from benchmarks.clock import Clock

    words = sys.argv
    name = words[words.index("--backend") + 1] if "--backend" in words else "jax"
    if name == "torch":
        sys.exit("no such backend here")
    now = iter(range(100))
    clock = Clock(in_turns=True, now=lambda: next(now))
    while not clock.done:
        clock.start()
        with open({log!r}, "a") as file:
            file.write(name + " ")
        if name == "plain-jax" and clock.seconds:
            sys.exit("out of memory")
        clock.stop()
    print(json.dumps(dict(key=name, case=dict(), **clock.result())))
"""


@pytest.fixture
def command(tmp_path):
    path = tmp_path / "process.py"
    log = str(tmp_path / "log.txt")
    path.write_text(textwrap.dedent(PROCESS.format(log=log)))
    return [sys.executable, "-c", f"exec(open({str(path)!r}).read())"]


def measured(command, *backends, rounds=2):
    shown = []

    def make(case, options):
        return turns.Worker(case, options, command)

    cases = [Case("encode", backend) for backend in backends]
    found, failures = turns.measure(cases, rounds, shown.append, make=make)
    return found, failures, shown


def test_runs_alternate_after_each_has_warmed_up(command, tmp_path):
    found, failures, shown = measured(command, "tensorflow", "jax")
    assert not failures
    log = (tmp_path / "log.txt").read_text().split()
    assert log == ["tensorflow", "jax"] * 3
    assert [line["key"] for line in found] == ["tensorflow", "jax"]
    assert all(line["runs"] == [1, 1] for line in found)
    assert shown[0] == "encode B 16x128x128, tensorflow float32: warming up"


def test_a_process_that_cannot_start_does_not_stop_the_others(command):
    found, failures, _ = measured(command, "torch", "jax")
    assert [line["key"] for line in found] == ["jax"]
    (failure,) = failures
    assert "torch float32 failed:\nno such backend here" in str(failure)


def test_a_process_that_ends_does_not_stop_the_others(command):
    found, failures, _ = measured(command, "plain-jax", "jax")
    assert [(line["key"], len(line["runs"])) for line in found] == [("jax", 2)]
    (failure,) = failures
    assert str(failure).endswith("out of memory")
