"""Regions: which part of a video is given.

A region is described once and evaluated on any grid, of pixels or of latents. True
means given. The latent mask is the region evaluated on the latent grid, never pooled
from the pixel mask: for a moving box the two differ.
"""

import dataclasses

import numpy as np


class Region:
    """A part of a video, described independently of its size.

    Example:
        >>> class Everything(km.tasks.Region):
        ...     def mask(self, frames, height, width):
        ...         return np.ones((1, 1, 1), bool)
    """

    def mask(self, frames, height, width):
        """Evaluates the region on a grid.

        Returns:
            bool array, broadcastable to `(frames, height, width)`; True where given.
        """
        raise NotImplementedError

    def latent_mask(self, video_shape, latent_shape):
        """Evaluates the region on the latent grid; both shapes are `(T, H, W)`."""
        del video_shape
        return self.mask(*latent_shape)

    def check(self, frames, height, width):
        """Raises ValueError if the region makes no sense on a clip of this size."""


@dataclasses.dataclass(frozen=True)
class Nothing(Region):
    """No pixel is given: class and unconditional generation.

    Example:
        >>> bool(km.tasks.Nothing().mask(4, 16, 16).any())
        False
    """

    def mask(self, frames, height, width):
        return np.zeros((1, 1, 1), bool)


@dataclasses.dataclass(frozen=True)
class Frames(Region):
    """The first and the last frames of the clip.

    Args:
        first: number of frames given at the start.
        last: number of frames given at the end.
        latent_frames: latent frames that count as given, at each end that has any; None
            counts every latent frame that sees a given frame, `ceil(n / stride)`.

    Example:
        >>> km.tasks.Frames(first=1, last=1).mask(4, 1, 1).ravel().tolist()
        [True, False, False, True]
    """

    first: int = 1
    last: int = 0
    latent_frames: int | None = None

    def mask(self, frames, height, width):
        return self._ends(frames, self.first, self.last)

    def latent_mask(self, video_shape, latent_shape):
        stride = video_shape[0] / latent_shape[0]

        def given(count):
            if self.latent_frames is None or count == 0:
                return int(np.ceil(count / stride))
            return self.latent_frames

        return self._ends(latent_shape[0], given(self.first), given(self.last))

    def _ends(self, length, first, last):
        index = np.arange(length)
        return ((index < first) | (index >= length - last))[:, None, None]

    def check(self, frames, height, width):
        if min(self.first, self.last) < 0 or not 0 < self.first + self.last < frames:
            raise ValueError(
                "The given frames must be at least one and fewer than the clip's "
                f"{frames}. Received: {self.first} first and {self.last} last frames"
            )


def _linspace(stop, count):
    """`count` float32 values from 0 to `stop`, rounded as `jax.numpy.linspace` rounds.

    A moving box rounds them to whole cells, and a half may fall to either side.
    """
    if count == 1:
        return np.zeros(1, "float32")
    step = np.float32(stop) * (np.float32(1) / np.float32(count - 1))
    inner = np.arange(count - 1, dtype="float32") * step
    return np.append(inner, np.float32(stop))


@dataclasses.dataclass(frozen=True)
class Box(Region):
    """A rectangle, the same in every frame or sliding from left to right.

    The bounds are fractions in quarters, rounded down on every grid: `n * q // 4`.

    Args:
        rows: `(start, stop)` in quarters of the height.
        columns: `(start, stop)` in quarters of the width.
        moving: if True, the box is half the width wide and moves from the left border
            to the right one over the clip; `columns` is not used.

    Example:
        >>> centre = km.tasks.Box(rows=(1, 3), columns=(1, 3))
        >>> centre.mask(1, 4, 4)[0].astype(int).tolist()
        [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """

    rows: tuple[int, int] = (0, 4)
    columns: tuple[int, int] = (0, 4)
    moving: bool = False

    def bounds(self, frames, height, width):
        """`(top, bottom, left, right)`; left and right are `(frames or 1,)` arrays."""
        top, bottom = (height * q // 4 for q in self.rows)
        if self.moving:
            left = np.round(_linspace(width // 2, frames)).astype(int)
            return top, bottom, left, left + width // 2
        left, right = (np.array([width * q // 4]) for q in self.columns)
        return top, bottom, left, right

    def mask(self, frames, height, width):
        top, bottom, left, right = self.bounds(frames, height, width)
        row, column = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
        left, right = left[:, None, None], right[:, None, None]
        return (row >= top) & (row < bottom) & (column >= left) & (column < right)


@dataclasses.dataclass(frozen=True)
class Outside(Region):
    """Everything but a region: what inpainting is given.

    Example:
        >>> hole = km.tasks.Outside(km.tasks.Box((1, 3), (1, 3)))
        >>> int(hole.mask(1, 4, 4).sum())
        12
    """

    region: Region

    def mask(self, frames, height, width):
        return ~self.region.mask(frames, height, width)


@dataclasses.dataclass(frozen=True, eq=False)
class GivenMask(Region):
    """A mask drawn by the user.

    On a coarser grid a cell counts as given if any of its pixels is: the paper's
    definition of a latent that sees the condition.

    Args:
        array: bool, `(H, W)` or `(T, H, W)`; True where given. A T of 1 stands for all
            frames.

    Example:
        >>> km.tasks.GivenMask(np.eye(4, dtype=bool)).mask(1, 4, 4).sum()
    """

    array: np.ndarray

    def __post_init__(self):
        array = np.asarray(self.array)
        if array.ndim not in (2, 3) or array.dtype != bool:
            raise ValueError(
                "`mask` must be a bool array of shape (H, W) or (T, H, W), True where "
                f"pixels are given. Received: mask.shape={array.shape}, "
                f"mask.dtype={array.dtype}"
            )
        object.__setattr__(self, "array", array if array.ndim == 3 else array[None])

    def check(self, frames, height, width):
        t, h, w = self.array.shape
        if t not in (1, frames) or (h, w) != (height, width):
            raise ValueError(
                f"`mask` must fit the video's {(frames, height, width)}. "
                f"Received: mask.shape={self.array.shape}"
            )
        if self.array.all():
            raise ValueError(
                "`mask` must leave something to generate; it is True everywhere. "
                f"Received: mask.shape={self.array.shape}"
            )

    def mask(self, frames, height, width):
        cells = [
            max(1, size // wanted)
            for size, wanted in zip(
                self.array.shape, (frames, height, width), strict=True
            )
        ]
        blocks = self.array
        for axis, cell in enumerate(cells):
            starts = np.arange(0, blocks.shape[axis], cell)
            blocks = np.logical_or.reduceat(blocks, starts, axis=axis)
        return blocks
