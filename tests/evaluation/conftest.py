"""A tiny model of long clips, clips for it, and what stands for I3D."""

import dataclasses

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.data import MovingShapes
from keras_magvit.evaluation import Protocol, RealClips
from tests.conftest import use_features_as_codebook

FRAMES, SIZE = 12, 16
TASKS = ("frame_prediction", "central_inpainting", "class_generation")


class Projection:
    """Stands for I3D where it is not what is tested: 400 random views of a video."""

    name, weights_name, weights_sha256 = "projection", "random views", "ab" * 32
    resize_grid, compute_dtype = "tf1", "float32"

    def __init__(self):
        self.num_calls = 0

    def features(self, video):
        self.num_calls += 1
        video = np.asarray(keras.ops.convert_to_numpy(video))
        flat = video[:, :, ::2, ::2].reshape(len(video), -1)
        views = np.random.default_rng(0).normal(size=(flat.shape[1], 400))
        return (flat @ views).astype("float32")


@pytest.fixture
def i3d():
    return Projection()


@pytest.fixture(scope="session")
def model():
    """Three tasks, clips of 12 x 16 x 16, two steps."""
    keras.utils.set_random_seed(0)
    tokenizer = km.VideoTokenizer(
        filters=32,
        channel_multipliers=(1, 1),
        temporal_downsample=(True,),
        embedding_dim=8,
        codebook_size=32,
        num_res_blocks=1,
        video_shape=(FRAMES, SIZE, SIZE),
    )
    use_features_as_codebook(tokenizer, 0)
    transformer = {"num_layers": 1, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 32}
    sampling = {"num_steps": 2}
    return km.MAGVIT(
        tokenizer, transformer, num_classes=16, tasks=TASKS, sampling=sampling
    )


@pytest.fixture(scope="session")
def shapes():
    """Nine short videos of moving shapes."""
    return MovingShapes(9, 14, (SIZE, SIZE), split="test")


@pytest.fixture
def protocol():
    """A protocol for them; changes go in by keyword."""
    row = Protocol(
        "shapes",
        "MovingShapes",
        (*TASKS, "reconstruction"),
        RealClips("test", "first"),
        num_samples=None,
        size=SIZE,
        num_frames=FRAMES,
    )
    return lambda **changes: dataclasses.replace(row, **changes)


@pytest.fixture(scope="session")
def first_clips(shapes):
    """What the protocol measures: uint8 `(9, 12, 16, 16, 3)`."""
    return np.stack([shapes.frames(i, range(FRAMES)) for i in range(len(shapes))])
