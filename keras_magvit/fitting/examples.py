"""From clips to the integers of a trained step.

Examples are made before the step, on the host: which task, how much is masked and where
are a pure function of the seed, the number of the step and the batch. A step can
thereby be replayed on another backend, and a broken-off training goes on exactly.
"""

import enum
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_magvit import backend, tasks
from keras_magvit.fitting.batches import int32, read_batch
from keras_magvit.ops.masking import commit_mask
from keras_magvit.ops.schedule import mask_ratio


class Part(enum.IntEnum):
    """Which term of COMMIT's loss a cell belongs to.

    The autoregressive rival sees no id that it predicts: all its cells are MASK.
    """

    NONE = 0  # never predicted: a rival's given cells
    REFINE = 1  # holds a condition id
    MASK = 2  # holds [MASK]
    RECONS = 3  # holds its own id


class Examples(NamedTuple):
    """One step's integers, host arrays.

    Attributes:
        inputs: int32 `(B, L)`, what the transformer reads.
        targets: int32 `(B, N)`, ids in raster order.
        part: int32 `(B, N)`, the `Part` of each.
    """

    inputs: np.ndarray
    targets: np.ndarray
    part: np.ndarray


class ExampleMaker:
    """Makes the `Examples` of a step from a batch.

    A batch is a dict of

        video     (B, T, H, W, 3), uint8 or float in [0, 1]
        label     (B,) integers in [0, C); read if a task uses the class

    or, tokenized before, of

        ids       (B, t, h, w) integers in [0, K), instead of the video
        cond_ids  {task name: (B, t, h, w)}, the ids of each task's condition video;
                  read for tasks that start from pixels
        label     as above

    Args:
        model: a `MAGVIT`.
        recipe: `TransformerRecipe`.
        seed: int >= 0.
        training: True draws tasks by the recipe's weights; False takes turns, so that an
            evaluation sees each as often, and keeps all classes.
        task_names: the tasks; None takes the model's.

    Raises:
        ValueError: on an unknown task, or weights that leave none.
    """

    def __init__(self, model, recipe, seed, training=True, task_names=None):
        self.model = model
        self.recipe = recipe
        self.seed = seed
        self.training = training
        frames = model.condition_frames, model.condition_latent_frames
        names = model.tasks if task_names is None else task_names
        self.tasks = [tasks.get(name, *frames) for name in names]
        self._uses_class = any(task.uses_class for task in self.tasks)
        for task in self.tasks:
            task.region.check(*model.video_shape)
        self._shares = _shares(self.tasks, recipe.task_weights)
        shape = model.latent_shape
        self._latent_masks = np.stack(
            [
                np.broadcast_to(
                    task.region.latent_mask(model.video_shape, shape), shape
                )
                for task in self.tasks
            ]
        )

    def __call__(self, batch, step):
        """The examples of step number `step`.

        Raises:
            ValueError: if the batch does not fit the model; the message names the key.
        """
        model, recipe = self.model, self.recipe
        clips = read_batch(batch, model, self._uses_class, self._tokenize)
        size = len(clips.ids)

        # Drawn for the whole batch, of which this process may hold a share.
        index, count = backend.process_share()
        own, whole = slice(index * size, (index + 1) * size), size * count
        rng = np.random.default_rng([self.seed, step])
        chosen = self._choose(rng, step, whole)[own]
        drawn = rng.random(whole if recipe.mask_sampling == "example" else 1, "float32")
        progress = np.broadcast_to(drawn, whole)[own]
        ratio = mask_ratio(progress, model.sequence.num_latents, recipe.schedule)
        score = rng.random((whole, *model.latent_shape), "float32")[own]
        dropped = rng.random(whole)[own] < recipe.class_dropout * self.training

        latent_mask = self._latent_masks[chosen]
        cond_ids = self._condition_ids(clips, chosen)
        prefix = model.sequence.prefix(
            self._prompt(chosen, clips.labels, dropped), cond_ids, latent_mask
        )
        if model.conditioning.causal:
            grid = targets = clips.ids
            part = np.full(clips.ids.shape, Part.MASK)
        else:
            mode = model.conditioning.mask_mode
            grid, targets, masked = commit_mask(
                clips.ids, cond_ids, latent_mask, score, ratio, "mask+refine", mode
            )
            part = _parts(ops.convert_to_numpy(masked) > 0, latent_mask, mode)
        sequence = model.sequence.pack(prefix, grid)
        return Examples(
            int32(ops.convert_to_numpy(sequence)),
            int32(ops.convert_to_numpy(targets)).reshape(size, -1),
            int32(part).reshape(size, -1),
        )

    # === What is drawn ================================================================

    def _choose(self, rng, step, size):
        """Index of each example's task, int `(B,)`."""
        per_step = self.recipe.task_sampling == "step"
        count = len(self.tasks)
        drawn = rng.choice(count, 1 if per_step else size, p=self._shares)
        if not self.training:
            turns = np.full(1, step) if per_step else step * size + np.arange(size)
            drawn = turns % count
        return np.broadcast_to(drawn, size)

    def _prompt(self, chosen, labels, dropped):
        size = len(chosen)
        if labels is not None:
            # One past the last class is the row of "no class".
            labels = np.where(dropped, self.model.num_classes, labels)
        prompts = [self.model.sequence.prompt(t, labels, size) for t in self.tasks]
        return np.stack(prompts)[chosen, np.arange(size)]

    # === Conditions ===================================================================

    def _condition_ids(self, clips, chosen):
        """int32 `(B, t, h, w)`; zeros where nothing is given."""
        condition = self.model.conditioning
        read = condition.mask_mode in ("commit", "prefix") or condition.prefix
        gives = np.array([task.gives_pixels for task in self.tasks])[chosen]
        if not read or not gives.any():
            return np.zeros_like(clips.ids)
        if clips.video is None:
            found = [
                self._cached(clips, self.tasks[k])[i] if gives[i] else clips.ids[i] * 0
                for i, k in enumerate(chosen)
            ]
            return np.stack(found)
        ids = self._tokenize(self._condition_video(clips.video, chosen))
        return np.where(gives[:, None, None, None], ids, 0)

    def _condition_video(self, video, chosen):
        """Each clip as its task gives it: whole batches of a task, or clip by clip."""
        alike = (chosen == chosen[0]).all()
        rows = [slice(None)] if alike else [slice(i, i + 1) for i in range(len(chosen))]
        shape = self.model.latent_shape
        parts = [
            self.tasks[k].condition(video[row], shape).video
            for row, k in zip(rows, chosen, strict=False)
        ]
        return ops.concatenate(parts)

    @staticmethod
    def _cached(clips, task):
        if task.name not in clips.cond_ids:
            raise ValueError(
                f"`cond_ids` must hold the ids of the condition of {task.name!r}. "
                f"Received: cond_ids with {sorted(clips.cond_ids)}"
            )
        return clips.cond_ids[task.name]

    def _tokenize(self, video):
        """The one place where clips meet the frozen tokenizer's devices."""
        return int32(ops.convert_to_numpy(self.model.tokenizer.encode(video)))


def _parts(masked, covered, mode):
    part = np.where(masked, Part.MASK, Part.RECONS)
    if mode == "commit":
        return np.where(masked & covered, Part.REFINE, part)
    if mode in ("latent", "prefix"):
        return np.where(covered, Part.NONE, part)
    return part


def _shares(chosen, weights):
    weights = {tasks.get(name).name: value for name, value in (weights or {}).items()}
    shares = np.array([weights.get(task.name, 1.0) for task in chosen], "float64")
    if not len(shares) or shares.sum() <= 0:
        raise ValueError(
            f"`task_weights` must leave a task to draw. Received: task_weights={weights}"
        )
    return shares / shares.sum()
