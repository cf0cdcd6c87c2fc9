"""How task, class, condition and latents become one sequence, and logits a grid again.

    [task] [class] | [condition ids ... SEP] | latents in raster order (t, h, w)

The task token is there if the vocabulary has prompts; the condition only for the prefix
and autoregressive rivals. This is the only place that knows the prefix length P.
"""

import dataclasses

import numpy as np
from keras import ops

from keras_magvit.ops.masking import MASK
from keras_magvit.ops.vocabulary import Vocabulary

UNCONDITIONAL = "unconditional_generation"


@dataclasses.dataclass(frozen=True)
class TokenSequence:
    """The layout of the transformer's input.

    Args:
        vocabulary: rows of the embedding table.
        latent_shape: `(t, h, w)`.
        condition_frames: latent frames of condition ids before the latents; 0 for
            COMMIT and latent masking, which condition inside the grid.
        unconditional_task: the task whose prompt guidance steers away from; None takes
            the prompt of the task itself.
        shifted: True for the autoregressive rival: position i predicts id i + 1, so the
            last id is not fed.
    """

    vocabulary: Vocabulary
    latent_shape: tuple[int, int, int]
    condition_frames: int = 0
    shifted: bool = False
    unconditional_task: str | None = UNCONDITIONAL

    @property
    def num_latents(self):
        """N = t * h * w."""
        return int(np.prod(self.latent_shape))

    @property
    def num_condition(self):
        """Condition ids and their separator."""
        if not self.condition_frames:
            return 0
        return self.condition_frames * int(np.prod(self.latent_shape[1:])) + 1

    @property
    def prefix_length(self):
        """P: everything before the latents."""
        return bool(self.vocabulary.prompts) + 1 + self.num_condition

    @property
    def length(self):
        """Length of the transformer's input."""
        return self.prefix_length + self.num_latents - self.shifted

    def prompt(self, task, labels, batch_size):
        """`[task] [class]` as int32 `(B, 1 or 2)`, on the host.

        Args:
            task: a `VideoTask`.
            labels: int array `(B,)`; read only if the task uses the class.
            batch_size: B.
        """
        if task.uses_class:
            classes = self.vocabulary.class_id(np.asarray(labels))
        else:
            classes = np.full(batch_size, self.vocabulary.no_class)
        return self._with_task(task.name, classes)

    def unconditional_prompt(self, task, batch_size):
        """What guidance steers away from: `unconditional_task` without class."""
        classes = np.full(batch_size, self.vocabulary.no_class)
        return self._with_task(self.unconditional_task or task.name, classes)

    def _with_task(self, name, classes):
        columns = [classes]
        if self.vocabulary.prompts:
            row = self.vocabulary.prompt(name)
            columns.insert(0, np.full(len(classes), row))
        return np.stack(columns, axis=1).astype("int32")

    def prefix(self, prompt, cond_ids, latent_mask):
        """Everything before the latents, int32 `(B, P)`.

        Args:
            prompt: int32 `(B, 1 or 2)`.
            cond_ids: int32 `(B, t, h, w)`.
            latent_mask: bool, broadcastable to it; cells that are not covered stand as
                [MASK].
        """
        prompt = ops.convert_to_tensor(prompt)
        if not self.condition_frames:
            return prompt
        known = ops.where(latent_mask, cond_ids, self.vocabulary.mask)
        count = self.num_condition - 1
        known = ops.reshape(known[:, : self.condition_frames], (-1, count))
        separator = ops.full_like(prompt[:, :1], self.vocabulary.separator)
        return ops.concatenate([prompt, ops.cast(known, "int32"), separator], axis=1)

    def pack(self, prefix, grid):
        """`(B, P)` and int32 `(B, t, h, w)`, with `MASK` cells, to `(B, length)`."""
        flat = ops.reshape(grid, (-1, self.num_latents))
        flat = ops.where(flat == MASK, self.vocabulary.mask, flat)
        sequence = ops.concatenate([prefix, ops.cast(flat, "int32")], axis=1)
        return sequence[:, : self.length]

    def latent_positions(self, hidden):
        """The part of `(B, length, ...)` that predicts the latents, `(B, N, ...)`."""
        return hidden[:, self.prefix_length - self.shifted :]

    def unpack(self, logits):
        """`(B, N, V)` to logits over the codebook, `(B, t, h, w, K)`."""
        size = self.vocabulary.codebook_size
        return ops.reshape(logits[..., :size], (-1, *self.latent_shape, size))
