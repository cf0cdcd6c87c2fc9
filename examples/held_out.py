"""Clips that the training of a preset did not see, for pictures of what it does."""

from pathlib import Path

import numpy as np

import keras_magvit as km
from keras_magvit.data.simulation.motions import MOTIONS

_PUSHING = Path(__file__).parent / "clips" / "simulated_pushing.npz"


def pushing_clips():
    """Held-out clips of simulated pushing.

    Returns:
        `(clips, labels)`: uint8 `(10, 16, 64, 64, 3)` and int32 `(10,)`.
    """
    with np.load(_PUSHING) as file:
        return file["video"], file["label"].astype("int32")


def held_out_clips(model):
    """Ten clips that look like the training of a preset that ships.

    Args:
        model: a `MAGVIT` of moving digits or of simulated pushing.

    Returns:
        `(clips, labels, class_names)`: uint8 `(10, T, H, W, 3)` of the model's size,
        int32 `(10,)`, and a list of strings.
    """
    if model.num_classes == len(MOTIONS):
        return *pushing_clips(), [name.replace("_", " ") for name in MOTIONS]
    frames, *size = model.video_shape
    source = km.data.MovingDigits(10, num_frames=frames, size=size, split="test")
    clips = np.stack([source.frames(digit, range(frames)) for digit in range(10)])
    return clips, np.arange(10), [f"digit {digit}" for digit in range(10)]
