"""Small datasets to tokenize."""

import numpy as np
import pytest

from keras_magvit.data import ArrayVideos, ClipDataset, VideoInfo
from keras_magvit.io import VideoFileError

NAMES = ("walk", "run", "jump")


class Videos(ArrayVideos):
    """Random videos, some of which cannot be read."""

    def __init__(self, count, broken=(), seed=0):
        rng = np.random.default_rng(seed)
        videos = rng.integers(0, 256, (count, 7, 18, 20, 3), "uint8")
        super().__init__(videos, np.arange(count) % len(NAMES), NAMES)
        self.broken, self.seed = broken, seed

    def info(self, index):
        if index in self.broken:
            raise VideoFileError("No video stream.", self.key(index))
        return VideoInfo(7, 18, 20, 8.0)

    def fingerprint(self, index):
        return f"{self.seed} {index}"


@pytest.fixture
def dataset():
    """Builds a dataset of clips `(4, 16, 16, 3)` of 10 videos."""

    def build(count=10, broken=(), training=True, video_seed=0, **kwargs):
        arguments = {"size": (16, 16), "flip": True, "seed": 3, **kwargs}
        source = Videos(count, broken, video_seed)
        return ClipDataset(source, 4, training=training, **arguments)

    return build
