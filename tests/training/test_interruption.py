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


def _start(stage, *folders):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.interrupted_worker", stage]
        + [str(folder) for folder in folders],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COVERAGE_FILE": ""},
    )


def _train(stage, *folders):
    process = _start(stage, *folders)
    process.communicate()
    assert process.returncode == 0


def _train_and_kill(stage, folder, rng):
    """Kills with signal 9 in, or soon after, a step that is drawn; returns the step."""
    process = _start(stage, folder)
    step = int(rng.integers(1, worker.STEPS))
    for _ in range(step):
        assert process.stdout.readline() == "step\n"
    time.sleep(rng.random() * 0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (folder / "end.npz").exists()
    return step


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
def test_a_killed_training_goes_on_as_if_it_had_not_been(stage, tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    rng = np.random.default_rng(int(stage))
    _train_and_kill(stage, killed, rng)
    _train(stage, killed, whole)
    _assert_same(_end(killed), _end(whole))


@pytest.fixture(scope="module")
def whole_runs(tmp_path_factory):
    folders = {}
    for stage in ("1", "2"):
        folders[stage] = tmp_path_factory.mktemp(f"whole_{stage}")
        _train(stage, folders[stage])
    return folders


@pytest.mark.heavy
@pytest.mark.parametrize("trial", range(20))
def test_twenty_kills(trial, whole_runs, tmp_path):
    """Stages take turns; every fourth training is killed twice."""
    stage = "12"[trial % 2]
    rng = np.random.default_rng(trial)
    step = _train_and_kill(stage, tmp_path, rng)
    if trial % 4 == 3 and step < worker.STEPS - worker.SAVE_EVERY:
        again = _start(stage, tmp_path)
        assert again.stdout.readline() == "step\n"
        again.send_signal(signal.SIGKILL)
        again.communicate()
    _train(stage, tmp_path)
    _assert_same(_end(tmp_path), _end(whole_runs[stage]))
