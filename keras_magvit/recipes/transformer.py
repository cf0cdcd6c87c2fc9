"""What stage 2 minimises, on what, and how fast it learns."""

import dataclasses
from collections.abc import Mapping

import keras

from keras_magvit.ops import schedule
from keras_magvit.ops.masking import WEIGHTS
from keras_magvit.ops.vocabulary import Vocabulary
from keras_magvit.recipes.optimization import warmup_cosine

SAMPLING = ("step", "example")

# Every variable that is not called "kernel"; TensorFlow's optimizers see its own
# variables, whose names are paths such as "head/kernel:0".
_NO_KERNEL = r"^(?!(.*/)?kernel(:\d+)?$)"


@dataclasses.dataclass(frozen=True)
class TransformerRecipe:
    """Objective, examples and optimizer of `MAGVIT.fit`.

    Args:
        weights: terms of the loss that count; see `ops.masking.commit_mask`.
        label_smoothing: probability mass spread over the codebook.
        schedule: mask-ratio curve; see `ops.schedule.mask_ratio`.
        mask_sampling: "step" draws one mask ratio for a batch, as the official code;
            "example" draws one for each clip, which steadies small batches.
        task_sampling: "step" draws one task for a batch, as the official code;
            "example" draws one for each clip.
        task_weights: task name -> how often it is drawn, relative to the others; a task
            that is not named weighs 1. None draws all alike.
        class_dropout: share of labelled clips whose class is left out, so that guidance
            has something to steer away from.
        learning_rate: peak.
        warmup_steps: of linear warm-up; a cosine decay to zero follows.
        beta_1, beta_2: of AdamW.
        weight_decay: of kernels alone; biases, norms and embeddings are left out.
        clip_norm: largest global norm of the gradient; None clips nothing.
        epochs: passes over the training videos.
        batch_size: clips a step.
        dropout: rate of a transformer made for this recipe; one that is there already
            keeps its own.
        released_prompts: make the vocabulary with the prompts of the official code, in
            which inpainting shares the outpaintings'.
        condition_latent_frames: of a model made for this recipe; see `MAGVIT`.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> recipe = km.recipes.TransformerRecipe(class_dropout=0.1, batch_size=8)

    Reference:
        MAGVIT, section 3.2 and Appendix B.2; the configs of the official code.
    """

    weights: str = "mask+refine+recons"
    label_smoothing: float = 1e-4
    schedule: str = "cosine"
    mask_sampling: str = "step"
    task_sampling: str = "step"
    task_weights: Mapping[str, float] | None = None
    class_dropout: float = 0.0
    learning_rate: float = 1e-4
    warmup_steps: int = 5000
    beta_1: float = 0.9
    beta_2: float = 0.96
    weight_decay: float = 0.045
    clip_norm: float | None = 1.0
    epochs: int = 400
    batch_size: int = 256
    dropout: float = 0.1
    released_prompts: bool = False
    condition_latent_frames: int | None = None

    def __post_init__(self):
        schedule.get(self.schedule)
        for name, allowed in (
            ("weights", WEIGHTS),
            ("mask_sampling", SAMPLING),
            ("task_sampling", SAMPLING),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"`{name}` must be one of {allowed}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        for name in ("label_smoothing", "class_dropout", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be in [0, 1). Received: {name}={getattr(self, name)}"
                )
        for name in ("learning_rate", "weight_decay", "warmup_steps"):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` must be at least 0. Received: {name}={getattr(self, name)}"
                )
        if min(self.epochs, self.batch_size) < 1:
            raise ValueError(
                "`epochs` and `batch_size` must be at least 1. "
                f"Received: epochs={self.epochs}, batch_size={self.batch_size}"
            )
        if any(weight < 0 for weight in (self.task_weights or {}).values()):
            raise ValueError(
                "`task_weights` must be at least 0. "
                f"Received: task_weights={self.task_weights}"
            )

    def replace(self, **changes):
        """A copy with some values changed."""
        return dataclasses.replace(self, **changes)

    def get_config(self):
        """A plain dict."""
        return dataclasses.asdict(self)

    def optimizer(
        self, steps=None, warmup_steps=None, gradient_accumulation_steps=None
    ):
        """AdamW as the official code sets it.

        Args:
            steps: updates over which the rate decays, warm-up included; None keeps the
                peak.
            warmup_steps: None takes the recipe's.
            gradient_accumulation_steps: batches an update; None is one.
        """
        warmup = self.warmup_steps if warmup_steps is None else warmup_steps
        # Keras' schedules count batches, not updates.
        count = gradient_accumulation_steps or 1
        optimizer = keras.optimizers.AdamW(
            warmup_cosine(self.learning_rate, steps and steps * count, warmup * count),
            weight_decay=self.weight_decay,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=1e-8,
            global_clipnorm=self.clip_norm,
            gradient_accumulation_steps=gradient_accumulation_steps,
        )
        optimizer.exclude_from_weight_decay(var_names=[_NO_KERNEL])
        return optimizer

    def model_arguments(self, codebook_size, num_classes, tasks):
        """Arguments of a `MAGVIT` that is made for this recipe.

        Args:
            codebook_size: K of the tokenizer.
            num_classes: C.
            tasks: names of its tasks.

        Returns:
            A dict with "condition_latent_frames" and "vocabulary"; a vocabulary of None
            is that of the model's own choice.
        """
        vocabulary = None
        if self.released_prompts and len(tasks) > 1:
            vocabulary = Vocabulary.released(codebook_size, num_classes)
        return {
            "condition_latent_frames": self.condition_latent_frames,
            "vocabulary": vocabulary,
        }
