"""Which runs count, and the words of turns."""

import io
import sys

import pytest

from benchmarks.clock import Clock
from tests.conftest import once

pytestmark = once


class Time:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_the_first_run_does_not_count():
    time = Time()
    clock = Clock(repeats=3, now=time)
    for seconds in (9.0, 1.0, 3.0, 2.0):
        assert not clock.done
        clock.start()
        time.now += seconds
        clock.stop()
    assert clock.done
    result = clock.result()
    assert result["runs"] == [1.0, 3.0, 2.0]
    assert result["seconds"] == 2.0
    assert (result["seconds_low"], result["seconds_high"]) == (1.0, 3.0)
    assert (result["first_seconds"], result["compile_seconds"]) == (9.0, 7.0)


def test_no_run_begins_after_the_limit_but_one_counts():
    time = Time()
    clock = Clock(repeats=10, seconds=5.0, now=time)
    runs = 0
    while not clock.done:
        clock.start()
        time.now += 6.0
        clock.stop()
        runs += 1
    assert runs == 2


def test_parts_are_medians_of_runs_that_count():
    time = Time()
    clock = Clock(repeats=3, now=time)
    for part in (50.0, 1.0, 5.0, 2.0):
        clock.start()
        time.now += 10.0
        assert clock.elapsed() == 10.0
        clock.stop(transformer=part)
    assert clock.result()["parts"] == {"transformer": 2.0}


def test_turns_wait_for_a_word(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("go\ngo\nstop\n"))
    time = Time()
    clock = Clock(repeats=1, in_turns=True, now=time)
    while not clock.done:
        clock.start()
        time.now += 0.5
        clock.stop()
    words = capsys.readouterr().out.split("\n")[:-1]
    assert words == ["ready", "done 0.500000", "ready", "done 0.500000", "ready"]
    assert clock.result()["runs"] == [0.5]


def test_a_run_that_never_came_is_no_result(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    clock = Clock(in_turns=True)
    assert clock.done and clock.first is None


def test_repeats_must_be_positive():
    with pytest.raises(ValueError, match="Received: repeats=0"):
        Clock(repeats=0)
