"""A page that is served by a process of its own, as the command line starts it."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from keras_magvit.io import write_video

PRESET = "<b onclick=alert(1)>tiny"
MAX_UPLOAD = 2**20


@contextmanager
def started(preset, *words):
    """A process, and the first line that it says; it is gone at the end."""
    command = [sys.executable, "-m", "keras_magvit", "demo", "--preset", preset, *words]
    # A shell's background job ignores Ctrl-C, and so would all that it starts. Set
    # here and not by `preexec_fn`, which forks: JAX warns of that where it runs.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    finally:
        signal.signal(signal.SIGINT, ours)
    with process.stdout:
        said = process.stdout.readline()
        # Read on, so that the process never waits for us.
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        try:
            yield process, said
        finally:
            process.kill()
            process.wait()
            reader.join()


@pytest.fixture(scope="package")
def preset(shared_model, tmp_path_factory):
    """The tiny model as a folder whose name is an attack."""
    path = tmp_path_factory.mktemp("page") / PRESET
    shared_model.save_to_preset(path)
    return os.fspath(path)


@pytest.fixture(scope="package")
def url(preset):
    """The address of the page; at the end Ctrl-C must stop it."""
    pytest.importorskip("gradio", reason="the page needs Gradio")
    with started(preset, "--max-upload", "1", "--max-queue", "4") as (process, said):
        assert said.startswith("http://127.0.0.1:"), said
        yield said.split()[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


@pytest.fixture
def video(tmp_path):
    """Writes a small video under any name."""

    def write(name="clip.mp4", seed=0):
        path = tmp_path / name
        pattern = np.random.default_rng(seed).integers(0, 256, (1, 4, 4, 3), "uint8")
        frames = np.concatenate([np.roll(pattern, shift, 2) for shift in range(4)])
        frames = frames.repeat(4, axis=1).repeat(4, axis=2)
        write_video(path, frames, 4.0)
        return path

    return write
