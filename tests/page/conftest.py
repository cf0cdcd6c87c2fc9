"""A page that is served while tests talk to it."""

import numpy as np
import pytest

from keras_magvit.io import write_video
from keras_magvit.page import Limits, serve

LIMITS = Limits(upload_bytes=2**20, queue=4)


@pytest.fixture(scope="package")
def url(shared_model):
    """The address of a page for the tiny model."""
    pytest.importorskip("gradio", reason="the page needs Gradio")
    with serve(shared_model, "<b onclick=alert(1)>tiny</b>", limits=LIMITS) as url:
        yield url


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
