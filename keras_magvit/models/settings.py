"""The knobs of decoding."""

import dataclasses

import numpy as np

from keras_magvit.ops import schedule

# More steps than a clip has tokens settle nothing more.
MAX_STEPS = 2**16


@dataclasses.dataclass(frozen=True)
class Sampling:
    """The knobs of decoding; a preset carries its own.

    Args:
        num_steps: S, forward passes.
        schedule: mask-ratio curve, see `ops.schedule.mask_ratio`.
        choice_temperature: weight of the noise on the confidences, which falls
            linearly to 0 over the steps.
        sampling_temperature: of the softmax that ids are drawn from; 0 is greedy.
        top_k, top_p: see `ops.sampling.sample`; 0 is off.
        guidance_scale: `logits + scale * (logits - unconditional logits)`; 0 is off.

    Raises:
        ValueError: if a value is out of range.

    Example:
        >>> sampling = km.Sampling(num_steps=24, guidance_scale=1.5)
        >>> sampling.schedule
        'cosine'
    """

    num_steps: int = 12
    schedule: str = "cosine"
    choice_temperature: float = 4.5
    sampling_temperature: float = 1.0
    top_k: int = 0
    top_p: float = 0.0
    guidance_scale: float = 0.0

    def __post_init__(self):
        schedule.get(self.schedule)
        for name in ("top_k", "top_p"):  # None is off
            object.__setattr__(self, name, getattr(self, name) or 0)
        steps = self.num_steps
        if not (isinstance(steps, (int, np.integer)) and 1 <= steps <= MAX_STEPS):
            raise ValueError(
                f"`num_steps` must be an int in [1, {MAX_STEPS}]. "
                f"Received: num_steps={steps!r}"
            )
        for name in ("choice_temperature", "sampling_temperature", "top_k", "top_p"):
            value = getattr(self, name)
            if not (_is_finite(value) and value >= 0):
                raise ValueError(
                    f"`{name}` must be a number >= 0. Received: {name}={value!r}"
                )
        if not _is_finite(self.guidance_scale):
            raise ValueError(
                "`guidance_scale` must be a finite number. "
                f"Received: guidance_scale={self.guidance_scale!r}"
            )
        if int(self.top_k) != self.top_k:
            raise ValueError(f"`top_k` must be an int. Received: top_k={self.top_k!r}")
        if self.top_p > 1:
            raise ValueError(f"`top_p` must be <= 1. Received: top_p={self.top_p!r}")

    def replace(self, **changes):
        """This, with every change that is not None."""
        changes = {k: v for k, v in changes.items() if v is not None}
        return dataclasses.replace(self, **changes)

    @classmethod
    def of(cls, given):
        """A `Sampling` from one, from a dict, or the defaults from None."""
        if given is None:
            return cls()
        if isinstance(given, dict):
            return cls(**given)
        if not isinstance(given, cls):
            raise ValueError(
                f"`sampling` must be a Sampling or a dict. Received: sampling={given!r}"
            )
        return given

    def get_config(self):
        """A plain dict, for config.json."""
        return dataclasses.asdict(self)


def _is_finite(value):
    return isinstance(value, (int, float, np.number)) and bool(np.isfinite(value))
