"""One vocabulary of non-negative ids: codebook | classes | special rows.

    [0, K)             latent ids of the tokenizer's codebook
    [K, K + C)         classes
    K + C              "no class", for tasks without class and for guidance
    [size - S, size)   special rows, counted from the end: [MASK] is the last

The special rows are the official code's negative ids seen from the end of the table, so
its checkpoints fit row by row. There all outpaintings and inpaintings share one prompt;
here every task has its own row.
"""

import dataclasses
from collections.abc import Mapping

# Version of the table below; it is written into every config.
PROMPT_VERSION = 1
# Task -> row counted from the end. -1 is [MASK], -2 separates a prefix condition.
PROMPTS = {
    "unconditional_generation": -3,
    "frame_prediction": -4,
    "frame_interpolation": -5,
    "central_outpainting": -6,
    "central_inpainting": -7,
    "vertical_outpainting": -8,
    "horizontal_outpainting": -9,
    "dynamic_outpainting": -10,
    "dynamic_inpainting": -11,
    "class_generation": -12,
    "class_frame_prediction": -13,
}
# Rows of the official table: what its multi-task checkpoints were trained with.
RELEASED_PROMPTS = {
    "unconditional_generation": -3,
    "class_generation": -3,
    "frame_prediction": -4,
    "class_frame_prediction": -4,
    "frame_interpolation": -5,
    "central_outpainting": -6,
    "vertical_outpainting": -6,
    "horizontal_outpainting": -6,
    "dynamic_outpainting": -6,
    "central_inpainting": -6,
    "dynamic_inpainting": -6,
}
_MASK_ROW, _SEPARATOR_ROW = -1, -2
_MULTI_TASK_ROWS = 16


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """Which row of the embedding table stands for what.

    Args:
        codebook_size: K, number of latent ids.
        num_classes: C, number of classes; 0 for an unlabelled dataset.
        prompts: task name -> row counted from the end (negative). Empty for a
            single-task model, which has no prompt token.
        num_special: S, number of special rows, [MASK] included.

    Raises:
        ValueError: if a number is out of range or a prompt's row is outside the special
            rows or taken by [MASK] or the separator.

    Example:
        >>> vocabulary = km.Vocabulary(codebook_size=256, num_classes=10)
        >>> vocabulary.size >= 266
        True
    """

    codebook_size: int
    num_classes: int = 0
    prompts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    num_special: int = 1

    def __post_init__(self):
        if self.codebook_size < 1 or self.num_classes < 0 or self.num_special < 1:
            raise ValueError(
                "A vocabulary needs codebook_size >= 1, num_classes >= 0 and "
                f"num_special >= 1. Received: {self}"
            )
        for task, row in self.prompts.items():
            if not -self.num_special <= row < _SEPARATOR_ROW:
                raise ValueError(
                    f"The prompt row of {task!r} must lie in [-{self.num_special}, -2). "
                    f"Received: prompts={dict(self.prompts)}"
                )

    @classmethod
    def single_task(cls, codebook_size, num_classes=0):
        """A model of one task: no prompt token, [MASK] is the only special row."""
        return cls(codebook_size, num_classes)

    @classmethod
    def multi_task(cls, codebook_size, num_classes=0, *, extra=()):
        """The built-in tasks, each with its own prompt, and `extra` tasks of one's own."""
        prompts = dict(PROMPTS)
        for task in extra:
            prompts.setdefault(task, min(prompts.values()) - 1)
        rows = max(_MULTI_TASK_ROWS, -min(prompts.values()))
        return cls(codebook_size, num_classes, prompts, rows)

    @classmethod
    def released(cls, codebook_size, num_classes=0, *, inpainting_prompt=False):
        """The official table, with its shared prompts.

        Args:
            codebook_size: K.
            num_classes: C.
            inpainting_prompt: True for checkpoints trained with the official option
                `bug_patches.inpainting_token`, whose inpaintings do not use the
                outpaintings' prompt.
        """
        prompts = dict(RELEASED_PROMPTS)
        if inpainting_prompt:
            prompts.update(central_inpainting=-7, dynamic_inpainting=-7)
        return cls(codebook_size, num_classes, prompts, _MULTI_TASK_ROWS)

    @property
    def size(self):
        """V: rows of the embedding table."""
        return self.codebook_size + self.num_classes + 1 + self.num_special

    @property
    def mask(self):
        """Row of [MASK]."""
        return self.size + _MASK_ROW

    @property
    def separator(self):
        """Row between a prefix condition and the latents."""
        if self.num_special < 2:
            raise ValueError(
                "A vocabulary with a single special row has no separator. "
                f"Received: num_special={self.num_special}"
            )
        return self.size + _SEPARATOR_ROW

    @property
    def no_class(self):
        """Row of "no class"."""
        return self.codebook_size + self.num_classes

    def class_id(self, label):
        """Row of a class; `label` is an int or an int array in `[0, num_classes)`."""
        return self.codebook_size + label

    def prompt(self, task):
        """Row of a task's prompt.

        Raises:
            ValueError: if the model has no prompt of that name.
        """
        if task not in self.prompts:
            raise ValueError(
                f"This model was made for the tasks {sorted(self.prompts)}. "
                f"Received: task={task!r}"
            )
        return self.size + self.prompts[task]

    def get_config(self):
        """A plain dict, for config.json."""
        return {
            "codebook_size": self.codebook_size,
            "num_classes": self.num_classes,
            "prompts": dict(self.prompts),
            "num_special": self.num_special,
            "prompt_version": PROMPT_VERSION,
        }

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`."""
        config = dict(config)
        version = config.pop("prompt_version", PROMPT_VERSION)
        if version > PROMPT_VERSION:
            raise ValueError(
                f"Prompt tables up to version {PROMPT_VERSION} are known; update "
                f"keras_magvit. Received: prompt_version={version}"
            )
        return cls(**config)
