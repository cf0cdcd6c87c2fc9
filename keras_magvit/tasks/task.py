"""A task is data: a name, a region, a padding, and whether it reads the class."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_magvit import inputs
from keras_magvit.tasks import paddings
from keras_magvit.tasks.regions import Frames, GivenMask, Nothing, Region

PADDINGS = {
    "zero": paddings.zero,
    "edge": paddings.edge,
    "interpolate": paddings.interpolate,
}


class Condition(NamedTuple):
    """What a task gives the model to start from.

    Attributes:
        video: float32 `(B, T, H, W, 3)`: the given pixels, and padding elsewhere.
        video_mask: bool `(B, T or 1, H or 1, W or 1, 1)`; True where given.
        latent_mask: bool `(B, t or 1, h or 1, w or 1)`; True where a latent cell counts
            as given.

    Example:
        >>> condition = km.tasks.get("IPC").condition(clip, model.latent_shape)
        >>> condition.video.shape == clip.shape
        True
    """

    video: object
    video_mask: object
    latent_mask: object


@dataclasses.dataclass(frozen=True)
class VideoTask:
    """One task of the model.

    Args:
        name: its name, which is also that of its prompt token.
        region: which pixels are given.
        padding: what fills the others: "zero", "edge", "interpolate", or a function
            `(video, mask, region) -> video`.
        uses_class: whether the class label is part of the condition.
        description: one line for tables and help.

    Example:
        >>> left = km.tasks.VideoTask("left", km.tasks.Box(columns=(0, 2)), "edge")
        >>> condition = left.condition(clip, model.latent_shape)
    """

    name: str
    region: Region
    padding: str | Callable = "zero"
    uses_class: bool = False
    description: str = ""

    def __post_init__(self):
        if not callable(self.padding) and self.padding not in PADDINGS:
            raise ValueError(
                f"`padding` must be one of {sorted(PADDINGS)} or a function. "
                f"Received: padding={self.padding!r}"
            )

    @property
    def gives_pixels(self):
        """False for tasks that start from nothing but prompt and class."""
        return not isinstance(self.region, Nothing)

    @property
    def given_frames(self):
        """`(first, last)` whole frames that the task is given; (0, 0) for others."""
        if isinstance(self.region, Frames):
            return self.region.first, self.region.last
        return 0, 0

    def condition(self, video, latent_shape):
        """Keeps the given part of a video and pads the rest.

        Args:
            video: `(B, T, H, W, 3)`, uint8 or float in [0, 1].
            latent_shape: `(t, h, w)` of the tokenizer for this video.

        Returns:
            A `Condition` `(video, video_mask, latent_mask)`.

        Raises:
            ValueError: on a video that `inputs.as_video` refuses, or one too short for
                the given frames.

        Reference:
            MAGVIT, section 3.2 and Appendix B.1; `train_lib/cond_utils.py`.
        """
        video = inputs.as_video(video)
        size = video.shape[1:4]
        if len(latent_shape) != 3:
            raise ValueError(
                f"`latent_shape` must be (t, h, w). Received: latent_shape={latent_shape}"
            )
        self.region.check(*size)
        mask = _rank_3(self.region.mask(*size))
        latent_mask = _rank_3(self.region.latent_mask(tuple(size), tuple(latent_shape)))
        pad = self.padding if callable(self.padding) else PADDINGS[self.padding]
        return Condition(
            pad(video, mask[None, ..., None], self.region),
            _per_example(mask[..., None], video),
            _per_example(latent_mask, video),
        )

    def with_frames(self, num_frames, num_latent_frames=None):
        """This task with another number of given frames at each end that has any."""
        if not isinstance(self.region, Frames):
            return self
        region = Frames(
            num_frames if self.region.first else 0,
            num_frames if self.region.last else 0,
            num_latent_frames,
        )
        return dataclasses.replace(self, region=region)

    def with_mask(self, mask):
        """This task with a region drawn by the user; the rest is filled with zeros."""
        return dataclasses.replace(self, region=GivenMask(mask), padding="zero")


def _rank_3(mask):
    mask = np.asarray(mask, bool)
    return mask.reshape((1,) * (3 - mask.ndim) + mask.shape)


def _per_example(mask, video):
    # The size of the batch may be unknown while a graph is traced.
    return ops.broadcast_to(mask, (ops.shape(video)[0], *mask.shape))
