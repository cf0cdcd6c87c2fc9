"""What stage 1 minimises, and how fast it learns."""

import dataclasses
from typing import NamedTuple

import keras

from keras_magvit.recipes.optimization import warmup_cosine

ADVERSARIAL = ("non-saturating", "hinge")
CODEBOOK_STARTS = ("random", "k-means")


class Players(NamedTuple):
    """One of a kind for each player: a learning rate, an optimizer."""

    generator: object
    discriminator: object


@dataclasses.dataclass(frozen=True)
class TokenizerRecipe:
    """Losses and schedule of a `VideoTokenizerTrainer`.

    Args:
        reconstruction_weight: of the mean squared error.
        adversarial: "non-saturating" or "hinge".
        adversarial_weight: of the generator's adversarial loss.
        perceptual: name of the network that compares frames, or None.
        perceptual_weight: of the perceptual loss.
        perceptual_frames: frames of each clip that it looks at; None looks at all.
        r1_cost: of the gradient penalty on real videos; 0 leaves it out.
        r1_examples: examples of the batch that the penalty looks at; None takes all.
        r1_every: steps between penalties, each of which then weighs as much more
            (StyleGAN2's lazy regularisation); 1, as in the paper, penalises every step.
        lecam_weight: of the LeCam regularisation; 0 leaves it out.
        quantizer_weight: of the quantizer's own losses.
        average_decay: of the generator's moving average and of LeCam's.
        learning_rate: peak, of both players.
        discriminator_learning_rate: peak, of the discriminator; None takes the same.
        beta_1, beta_2: of Adam, of both players.
        warmup_epochs: of linear warm-up; a cosine decay to zero follows.
        epochs: passes over the training videos.
        batch_size: clips a step.
        padding: borders of the tokenizer's convolutions.
        codebook_start: "random", as in the paper, or "k-means": centres of the features
            of the first batch.
        restart_after: steps without use after which a code moves to a feature of the
            batch; None, as in the paper, leaves codes alone.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> recipe = km.recipes.TokenizerRecipe(learning_rate=2e-4, batch_size=8)
    """

    reconstruction_weight: float = 1.0
    adversarial: str = "non-saturating"
    adversarial_weight: float = 0.1
    perceptual: str | None = "resnet50_logits"
    perceptual_weight: float = 0.1
    perceptual_frames: int | None = None
    r1_cost: float = 10.0
    r1_examples: int | None = None
    r1_every: int = 1
    lecam_weight: float = 0.0
    quantizer_weight: float = 1.0
    average_decay: float = 0.999
    learning_rate: float = 1e-4
    discriminator_learning_rate: float | None = None
    beta_1: float = 0.0
    beta_2: float = 0.99
    warmup_epochs: float = 1.0
    epochs: int = 400
    batch_size: int = 128
    padding: str = "reflect"
    codebook_start: str = "random"
    restart_after: int | None = None

    def __post_init__(self):
        if self.adversarial not in ADVERSARIAL:
            raise ValueError(
                f"`adversarial` must be one of {ADVERSARIAL}. "
                f"Received: adversarial={self.adversarial!r}"
            )
        if self.codebook_start not in CODEBOOK_STARTS:
            raise ValueError(
                f"`codebook_start` must be one of {CODEBOOK_STARTS}. "
                f"Received: codebook_start={self.codebook_start!r}"
            )
        for name in (
            "reconstruction_weight",
            "adversarial_weight",
            "perceptual_weight",
            "r1_cost",
            "lecam_weight",
            "quantizer_weight",
        ):
            if getattr(self, name) < 0:
                raise ValueError(
                    f"`{name}` must be at least 0. Received: {name}={getattr(self, name)}"
                )
        for name in ("perceptual_frames", "r1_examples", "restart_after"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1, or None. Received: {name}={value}"
                )
        if self.r1_every < 1:
            raise ValueError(
                f"`r1_every` must be at least 1. Received: r1_every={self.r1_every}"
            )
        if not 0 <= self.average_decay < 1:
            raise ValueError(
                "`average_decay` must be in [0, 1). "
                f"Received: average_decay={self.average_decay}"
            )

    def replace(self, **changes):
        """A copy with some values changed."""
        return dataclasses.replace(self, **changes)

    def learning_rates(self, steps=None, warmup_steps=0):
        """A schedule or a number for each of the `Players`; see `warmup_cosine`."""
        own = self.discriminator_learning_rate
        peaks = (self.learning_rate, self.learning_rate if own is None else own)
        return Players(*(warmup_cosine(p, steps, warmup_steps) for p in peaks))

    def optimizers(self, steps=None, warmup_steps=0, gradient_accumulation_steps=None):
        """Adam as the official code sets it: no clipping, no weight decay.

        Args:
            steps: updates over which the rates decay, warm-up included; None keeps the
                peaks.
            warmup_steps: of the linear warm-up.
            gradient_accumulation_steps: batches an update; None is one.

        Returns:
            `Players` of `keras.optimizers.Adam`.
        """
        # Keras' schedules count batches, not updates.
        count = gradient_accumulation_steps or 1
        rates = self.learning_rates(steps and steps * count, warmup_steps * count)
        adams = (
            keras.optimizers.Adam(
                rate,
                beta_1=self.beta_1,
                beta_2=self.beta_2,
                epsilon=1e-8,
                gradient_accumulation_steps=gradient_accumulation_steps,
            )
            for rate in rates
        )
        return Players(*adams)
