"""Moving shapes: coloured figures on simple paths, drawn on the fly."""

from typing import Any

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.sources.procedural import ProceduralVideos, bounce

SHAPES = ("circle", "square", "triangle", "cross")
MOTIONS = ("horizontal", "vertical", "diagonal", "circling")

# What the label of a video tells.
LABELS = ("both", "shape", "motion")


class MovingShapes(ProceduralVideos):
    """A coloured shape that moves over a plain background and turns slowly.

    Args:
        num_videos: how many there are.
        num_frames: frames of a video.
        size: `(H, W)`, at least 16 x 16.
        labels: what the class is: the "shape", the "motion", or "both" (16 classes).
        **kwargs: `seed`, `split` and `frame_rate` of `ProceduralVideos`.

    Example:
        >>> source = MovingShapes(100, num_frames=16, size=(32, 32), labels="shape")
        >>> source.class_names
        ('circle', 'square', 'triangle', 'cross')
    """

    def __init__(
        self,
        num_videos: int = 10_000,
        num_frames: int = 20,
        size: tuple[int, int] = (64, 64),
        labels: str = "both",
        **kwargs: Any,
    ) -> None:
        super().__init__(num_videos, num_frames, size, **kwargs)
        checks.one_of(labels=(labels, LABELS))
        self.labels = labels

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names that `labels` asks for, e.g. "circle horizontal"."""
        if self.labels == "both":
            return tuple(f"{shape} {motion}" for shape in SHAPES for motion in MOTIONS)
        return SHAPES if self.labels == "shape" else MOTIONS

    def label(self, index: int) -> int:
        shape, motion = self._kind(index)
        if self.labels == "both":
            return shape * len(MOTIONS) + motion
        return shape if self.labels == "shape" else motion

    def _kind(self, index: int) -> tuple[int, int]:
        """Every combination once in 16 videos, in turn."""
        shape, motion = divmod(index % (len(SHAPES) * len(MOTIONS)), len(MOTIONS))
        return shape, motion

    def draw(
        self, index: int, generator: np.random.Generator, times: np.ndarray
    ) -> np.ndarray:
        shape, motion = self._kind(index)
        draws = generator.random(12)
        short = min(self.size)
        radius = short * (0.12 + 0.08 * draws[0])
        centre = _path(MOTIONS[motion], draws[1:5], times, self.size, radius)
        turn = 2 * np.pi * draws[5] + 0.12 * (draws[6] - 0.5) * times
        y, x = np.mgrid[: self.size[0], : self.size[1]] + 0.5
        y = y - centre[0][:, None, None]
        x = x - centre[1][:, None, None]
        cos, sin = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
        distance = _DISTANCES[SHAPES[shape]](
            cos * x + sin * y, cos * y - sin * x, radius
        )
        ink = np.clip(0.5 - distance, 0, 1)[..., None]
        colour, ground = (
            _colour(draws[7], 1.0),
            _colour(draws[8], 0.15 + 0.2 * draws[9]),
        )
        return ink * colour + (1 - ink) * ground


def _path(
    motion: str,
    draws: np.ndarray,
    times: np.ndarray,
    size: tuple[int, int],
    radius: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The centre of a shape over time: rows and columns, each `(n,)`."""
    reach = 1.3 * radius  # a turned shape stays inside
    room = [side - 2 * reach for side in size]
    speed = min(size) * (0.02 + 0.04 * draws[0]) * (1 if draws[1] < 0.5 else -1)
    if motion == "circling":
        orbit = min(room) / 2 * (0.6 + 0.4 * draws[2])
        angle = 2 * np.pi * draws[3] + speed / orbit * times
        middle = [side / 2 for side in size]
        return middle[0] + orbit * np.sin(angle), middle[1] + orbit * np.cos(angle)
    down = {"horizontal": 0.0, "vertical": 1.0, "diagonal": 0.7}[motion]
    right = {"horizontal": 1.0, "vertical": 0.0, "diagonal": 0.7}[motion]
    rows = bounce(draws[2] * room[0] + down * speed * times, room[0])
    columns = bounce(draws[3] * room[1] + right * speed * times, room[1])
    return reach + rows, reach + columns


def _circle(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return np.hypot(x, y) - radius


def _square(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return np.maximum(np.abs(x), np.abs(y)) - 0.85 * radius


def _triangle(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    # Three half planes at 120 degrees.
    sides = [y, np.sqrt(0.75) * x - y / 2, -np.sqrt(0.75) * x - y / 2]
    return np.max(sides, axis=0) - 0.6 * radius


def _cross(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    across = np.maximum(np.abs(x) - 1.1 * radius, np.abs(y) - 0.35 * radius)
    down = np.maximum(np.abs(y) - 1.1 * radius, np.abs(x) - 0.35 * radius)
    return np.minimum(across, down)


# Distance of a point from the outline, negative inside, in pixels.
_DISTANCES = dict(zip(SHAPES, (_circle, _square, _triangle, _cross), strict=True))


def _colour(hue: float, value: float) -> np.ndarray:
    """A saturated colour of a hue in [0, 1)."""
    wheel = np.abs((hue + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1
    return value * (0.25 + 0.75 * np.clip(wheel, 0, 1))


def open_shapes(split: str, data_dir: object = None, **options: Any) -> MovingShapes:
    """Opens moving shapes for the table of datasets; nothing is stored."""
    del data_dir
    return MovingShapes(split=split, **options)
