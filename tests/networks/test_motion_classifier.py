"""The classifier of motions: trained, small, and the same on every backend."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_magvit.data.simulation.motions import MOTIONS
from keras_magvit.networks.motion_classifier import (
    WEIGHTS,
    MotionClassifier,
    motion_network,
)
from keras_magvit.networks.weights import WeightsError

# XLA under TensorFlow takes longer to compile these convolutions than the test takes.
COMPILE = keras.config.backend() == "jax"
CLIPS = Path(__file__).parents[2] / "examples" / "clips" / "simulated_pushing.npz"


@pytest.fixture(scope="module")
def classifier():
    return MotionClassifier.from_weights()


@pytest.fixture(scope="module")
def held_out():
    """Ten clips of the validation split, and their labels."""
    with np.load(CLIPS) as file:
        return file["video"], file["label"]


def test_it_reads_clips_that_it_has_not_seen(classifier, held_out):
    video, label = held_out
    assert video.shape == (10, 16, 64, 64, 3) and set(label) == set(range(8))
    # 248 of all 256 it reads right.
    assert np.sum(classifier.classes(video) == label) >= 9


def test_left_and_right_are_told_apart(classifier, held_out):
    video, label = held_out
    names = np.array(classifier.class_names)
    pushes = np.flatnonzero(np.isin(names[label], ("push_left", "push_right")))
    swapped = {"push_left": "push_right", "push_right": "push_left"}
    read = classifier.classes(video[pushes, :, :, ::-1].copy())
    assert list(names[read]) == [swapped[name] for name in names[label[pushes]]]


def test_it_sees_the_mean_of_the_pixels(classifier, held_out):
    video = held_out[0][:2] / np.float32(255)
    small = video.reshape(2, 16, 32, 2, 32, 2, 3).mean(axis=(3, 5))
    expected = keras.ops.convert_to_numpy(classifier.network(small))
    np.testing.assert_allclose(classifier.logits(video), expected, rtol=1e-4, atol=1e-3)


def test_its_classes_are_the_motions(classifier):
    assert classifier.class_names == MOTIONS
    assert os.path.getsize(WEIGHTS) < 200_000
    assert len(classifier.weights_sha256) == 64


def test_refusals(classifier, tmp_path):
    with pytest.raises(ValueError, match=r"clips of 16 frames.*Received: video.shape="):
        classifier.logits(np.zeros((1, 8, 64, 64, 3), "float32"))
    with pytest.raises(WeightsError):
        MotionClassifier.from_weights(tmp_path / "nothing.weights.h5")
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(WeightsError, match="Received: path="):
        MotionClassifier.from_weights(str(tmp_path / "other.weights.h5"))


def test_it_learns():
    """A few steps on two clips that differ in their motion alone."""
    keras.utils.set_random_seed(0)
    network = motion_network(dtype="float32")
    still = np.random.default_rng(0).random((1, 1, 32, 32, 3), "float32")
    clips = np.concatenate([np.repeat(still, 16, axis=1)] * 2)
    for t in range(16):
        clips[0, t, 8:16, t : t + 8] = 1.0
        clips[1, t, 8:16, 15 - t : 23 - t] = 1.0
    labels = np.array([1, 0])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(2e-3), loss, jit_compile=COMPILE)
    network.fit(clips, labels, batch_size=2, epochs=12, verbose=0)
    read = keras.ops.convert_to_numpy(network(clips)).argmax(axis=-1)
    np.testing.assert_array_equal(read, labels)
