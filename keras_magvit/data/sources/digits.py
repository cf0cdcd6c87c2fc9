"""Moving digits: handwriting that bounces in a box, drawn on the fly."""

from typing import Any

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.sources.glyphs import draw_digit
from keras_magvit.data.sources.procedural import ProceduralVideos, bounce

# How large a digit is, and how far it moves in a frame, as shares of the short side.
_SIDE, _SLOWEST, _FASTEST = 0.44, 0.02, 0.07


class MovingDigits(ProceduralVideos):
    """White digits that move straight and bounce off the borders of a black box.

    The videos look like Moving MNIST but every digit is drawn, in a hand of its own, so
    there is nothing to download. The class is the digit.

    Args:
        num_videos: how many there are.
        num_frames: frames of a video.
        size: `(H, W)`, at least 16 x 16.
        num_digits: digits in a video, all of its class, each in another hand.
        **kwargs: `seed`, `split` and `frame_rate` of `ProceduralVideos`.

    Example:
        >>> dataset = km.data.ClipDataset(MovingDigits(1_000), num_frames=16)
    """

    def __init__(
        self,
        num_videos: int = 10_000,
        num_frames: int = 20,
        size: tuple[int, int] = (64, 64),
        num_digits: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_videos, num_frames, size, **kwargs)
        checks.at_least(1, num_digits=num_digits)
        self.num_digits = num_digits

    @property
    def class_names(self) -> tuple[str, ...]:
        """ "0" to "9"."""
        return tuple(str(digit) for digit in range(10))

    def draw(
        self, index: int, generator: np.random.Generator, times: np.ndarray
    ) -> np.ndarray:
        short = min(self.size)
        side = round(_SIDE * short)
        canvas = np.zeros((len(times), *self.size))
        for _ in range(self.num_digits):
            glyph = draw_digit(self.label(index), side, generator)
            place, angle, pace = generator.random(2), *generator.random(2)
            speed = short * (_SLOWEST + pace * (_FASTEST - _SLOWEST))
            step = speed * np.array(
                [np.sin(2 * np.pi * angle), np.cos(2 * np.pi * angle)]
            )
            room = np.array(self.size) - side - 1
            path = [
                bounce(place[axis] * room[axis] + step[axis] * times, room[axis])
                for axis in (0, 1)
            ]
            for frame, top, left in zip(canvas, *path, strict=True):
                _stamp(frame, glyph, top, left)
        return np.repeat(canvas[..., None], 3, axis=-1)


def _stamp(frame: np.ndarray, glyph: np.ndarray, top: float, left: float) -> None:
    """Lays a glyph on a frame at a place between pixels, the brighter one winning."""
    row, column = int(top), int(left)
    down, right = top - row, left - column
    padded = np.pad(glyph, 1)
    rows = padded[1:] * (1 - down) + padded[:-1] * down
    moved = rows[:, 1:] * (1 - right) + rows[:, :-1] * right
    height, width = moved.shape
    place = frame[row : row + height, column : column + width]
    np.maximum(place, moved, out=place)


def open_digits(split: str, data_dir: object = None, **options: Any) -> MovingDigits:
    """Opens moving digits for the table of datasets; nothing is stored."""
    del data_dir
    return MovingDigits(split=split, **options)
