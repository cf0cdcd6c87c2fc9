"""Chunks: whole or absent, the same for any number of processes, never made twice."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from keras_magvit.data.simulation import Chunks, simulate

pytest.importorskip("pybullet", reason="the simulator is the extra `sim`")


def chunks_in(folder, size=1):
    return Chunks(folder, seed=3, split="train", config="fixed", size=size)


def test_processes_write_what_one_process_writes(tmp_path):
    told = []
    one, two = chunks_in(tmp_path / "1"), chunks_in(tmp_path / "2")
    one.render(2, num_workers=1, progress=told.append)
    two.render(2, num_workers=2)
    assert told == [0, 1, 2]
    for number in range(2):
        assert one.path(number).read_bytes() == two.path(number).read_bytes()


def test_more_videos_extend_and_render_nothing_again(tmp_path):
    chunks = chunks_in(tmp_path, size=2)
    chunks.render(3, num_workers=1)
    assert chunks.missing(4) == [] and chunks.missing(5) == [2]
    before = {p: p.stat().st_mtime_ns for p in chunks.path(0).parent.iterdir()}
    chunks.render(5, num_workers=1)
    after = {p: p.stat().st_mtime_ns for p in chunks.path(0).parent.iterdir()}
    assert len(before) == 2 and len(after) == 3
    assert before.items() <= after.items()
    found = list(chunks.episodes(5))
    assert [episode.label for episode in found] == [0, 1, 2, 3, 4]
    fresh = simulate(3, "train", "fixed", 4)
    np.testing.assert_array_equal(found[4].video, fresh.video)
    assert found[4].displacement == fresh.displacement


def test_a_killed_run_is_taken_up(tmp_path):
    chunks = chunks_in(tmp_path)
    script = (
        "from pathlib import Path; from keras_magvit.data.simulation import Chunks; "
        f"Chunks(Path({str(tmp_path)!r}), 3, 'train', 'fixed', 1).render(50, 1)"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not chunks.path(1).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    missing = chunks.missing(50)
    assert 0 < len(missing) < 49
    before = chunks.path(0).stat().st_mtime_ns
    count = missing[0] + 1
    chunks.render(count, num_workers=1)
    assert chunks.path(0).stat().st_mtime_ns == before
    for index, episode in list(enumerate(chunks.episodes(count)))[-2:]:
        fresh = simulate(3, "train", "fixed", index)
        np.testing.assert_array_equal(episode.video, fresh.video)


@pytest.mark.parametrize("count", [0, -1])
def test_no_videos_are_refused(tmp_path, count):
    with pytest.raises(ValueError, match="count must be at least 1"):
        chunks_in(tmp_path).render(count)
