"""A training that is killed at any moment ends where one that was not killed does."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.conftest import once
from tests.training import interrupted_worker as worker


class _Trainings:
    """A process that forks one for each training."""

    def __init__(self):
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.training.interrupted_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "COVERAGE_FILE": ""},
        )

    def start(self, stage, *folders):
        print(stage, *folders, file=self._parent.stdin, flush=True)
        self._pid = int(self._line())

    def kill_after(self, steps, seconds=0.0):
        """Kills with signal 9 in, or soon after, a step."""
        for _ in range(steps):
            assert self._line() == "step"
        time.sleep(seconds)
        os.kill(self._pid, signal.SIGKILL)
        assert self._exit_code() == -signal.SIGKILL

    def finish(self):
        assert self._exit_code() == 0

    def close(self):
        self._parent.communicate()

    def _line(self):
        return self._parent.stdout.readline().rstrip("\n")

    def _exit_code(self):
        while not (line := self._line()).startswith("ended"):
            assert line == "step"
        return int(line.split()[1])


@pytest.fixture(scope="module")
def trainings():
    made = _Trainings()
    yield made
    made.close()


def _train_and_kill(trainings, stage, folder, rng):
    """Kills after a step that is drawn; returns the step."""
    step = int(rng.integers(1, worker.STEPS))
    trainings.start(stage, folder)
    trainings.kill_after(step, seconds=rng.random() * 0.05)
    assert not (folder / "end.npz").exists()
    return step


def _train(trainings, stage, *folders):
    trainings.start(stage, *folders)
    trainings.finish()


def _end(folder):
    with np.load(folder / "end.npz") as file:
        return [file[f"v{i}"] for i in range(len(file.files))]


def _assert_same(resumed, whole):
    assert len(resumed) == len(whole)
    for a, b in zip(resumed, whole, strict=True):
        scale = max(np.abs(b).max(), 1e-12) if b.size else 1.0
        assert np.abs(a.astype("float64") - b).max(initial=0) <= 1e-6 * scale


@once
@pytest.mark.parametrize("stage", ["1", "2"])
def test_a_killed_training_goes_on_as_if_it_had_not_been(stage, trainings, tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    _train_and_kill(trainings, stage, killed, np.random.default_rng(int(stage)))
    _train(trainings, stage, killed, whole)
    _assert_same(_end(killed), _end(whole))


@pytest.fixture(scope="module")
def whole_runs(trainings, tmp_path_factory):
    folders = {}
    for stage in ("1", "2"):
        folders[stage] = tmp_path_factory.mktemp(f"whole_{stage}")
        _train(trainings, stage, folders[stage])
    return folders


@pytest.mark.heavy
@pytest.mark.parametrize("trial", range(20))
def test_twenty_kills(trial, trainings, whole_runs, tmp_path):
    """Stages take turns; every fourth training is killed twice."""
    stage = "12"[trial % 2]
    rng = np.random.default_rng(trial)
    step = _train_and_kill(trainings, stage, tmp_path, rng)
    if trial % 4 == 3 and step < worker.STEPS - worker.SAVE_EVERY:
        trainings.start(stage, tmp_path)
        trainings.kill_after(1)
    _train(trainings, stage, tmp_path)
    _assert_same(_end(tmp_path), _end(whole_runs[stage]))
