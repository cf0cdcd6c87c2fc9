"""Clips that the training of a preset did not see, for pictures of what it does."""

from pathlib import Path

import numpy as np
from keras import ops

import keras_magvit as km
from keras_magvit.data.simulation.motions import MOTIONS

NOTHING, NOT_GIVEN = 235, np.uint8(128)  # of what a task is given
# So that a class is obeyed: away from what comes without it, in a freely drawn order.
_OF_CLASSES = {
    "guidance_scale": 3.0,
    "choice_temperature": 10.0,
    "sampling_temperature": 1.0,
}
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


def sampling_of(task):
    """Arguments of `generate` that a task wants; `task` is of `km.tasks.get`."""
    return _OF_CLASSES if task.uses_class else {}


def given_part(model, task, clips):
    """What a task is given of clips.

    Args:
        model: a `MAGVIT`.
        task: of `km.tasks.get`.
        clips: uint8 `(N, T, H, W, 3)`.

    Returns:
        uint8 of the same shape: grey where nothing is given, light all over where the
        task is given no pixels.
    """
    if not task.gives_pixels:
        return np.full_like(clips, NOTHING)
    mask = task.condition(clips, model.latent_shape).video_mask
    return np.where(ops.convert_to_numpy(mask), clips, NOT_GIVEN)
