"""What makes videos of real clips: a task of a model, or its tokenizer alone."""

import hashlib
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_magvit import tasks
from keras_magvit.evaluation.protocols import RECONSTRUCTION


class Made(NamedTuple):
    """What was made of a batch of real clips.

    Attributes:
        fake: float32 `(B, T, H, W, 3)` in [0, 1].
        condition: `tasks.Condition`, or None.
        ids: int32 `(B, t, h, w)` of a reconstruction, or None.
    """

    fake: np.ndarray
    condition: object = None
    ids: np.ndarray | None = None


class TaskMaker:
    """Generates videos of one task.

    Args:
        model: `MAGVIT`.
        task: a task's name.
        sampling: arguments of `generate`.
    """

    def __init__(self, model, task, sampling):
        self.model, self.sampling = model, sampling
        frames = (model.condition_frames, model.condition_latent_frames)
        self.task = tasks.get(task, *frames)
        self.name = self.task.name
        self.needs_pixels = self.task.gives_pixels
        self.is_paired = self.needs_pixels
        self.uses_class = self.task.uses_class

    def make(self, video, labels, seed):
        """Generates one video for each clip; see `Made`."""
        labels = self._checked(labels) if self.task.uses_class else None
        count = {}
        if not self.needs_pixels and labels is None:
            count["num_samples"] = len(video)
        fake = self.model.generate(
            self.name,
            video=video if self.needs_pixels else None,
            labels=labels,
            seed=seed,
            **count,
            **self.sampling,
        )
        condition = None
        if self.needs_pixels:
            condition = self.task.condition(video, self.model.latent_shape)
        return Made(fake, condition)

    def _checked(self, labels):
        if labels.min() < 0 or labels.max() >= self.model.num_classes:
            raise ValueError(
                f"The task {self.name!r} needs clips with labels in "
                f"[0, {self.model.num_classes}). Received: labels from {labels.min()} "
                f"to {labels.max()}"
            )
        return labels


class ReconstructionMaker:
    """Passes videos through a tokenizer and back.

    Args:
        tokenizer: `VideoTokenizer`.
    """

    name, needs_pixels, is_paired, uses_class = RECONSTRUCTION, True, True, False

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.task = RECONSTRUCTION

    def make(self, video, labels, seed):
        """Reconstructs each clip; nothing is drawn."""
        del labels, seed
        ids = self.tokenizer.encode(video)
        fake = ops.clip(self.tokenizer.decode(ids), 0.0, 1.0)
        return Made(ops.convert_to_numpy(fake), ids=ops.convert_to_numpy(ids))


def batch_seed(seed, task, repeat, start):
    """The seed of one batch: a function of its place alone, so that runs can resume.

    Args:
        seed: of the evaluation.
        task: the task's name.
        repeat: which repeat.
        start: number of the batch's first sample.

    Returns:
        An int that `MAGVIT.generate` takes.
    """
    words = f"{seed}\0{task}\0{repeat}\0{start}".encode()
    return int.from_bytes(hashlib.sha256(words).digest()[:4], "big") % 2**31
