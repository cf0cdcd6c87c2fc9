"""Scripted motions: what a label means, as the path that the hand is told to follow."""

import math
from dataclasses import dataclass

import numpy as np

# The classes, by label. Directions are those of the picture.
MOTIONS = (
    "push_left",
    "push_right",
    "push_away",
    "push_towards",
    "circle_clockwise",
    "circle_anticlockwise",
    "sweep",
    "lift",
)

# Heights of the fingers' tip: in motion, and where a video begins and ends.
LOW, HIGH = 0.012, 0.11
# Frames in which the hand comes down, and in which it goes up again.
DOWN, UP = 4, 4
# What the hand keeps clear of: the tray's half sides less a hand and an object.
REACH = (0.19, 0.13)


@dataclass(frozen=True)
class Script:
    """What the hand is told to do in one video.

    Args:
        path: `(T, 3)`, where the tip is told to be at each frame, metres.
        closed: `(T,)`, 1 where the gripper is told to be closed, else 0.
        angle: direction in which the fingers are thin, radians from the x axis.
        target: `(x, y)` of the object that is certain to be met.
        grasps: whether the gripper is to hold that object when it closes.
    """

    path: np.ndarray
    closed: np.ndarray
    angle: float
    target: tuple[float, float]
    grasps: bool = False

    @property
    def actions(self) -> np.ndarray:
        """float32 `(T, 4)`: the step to the next frame (dx, dy, dz in metres; the last
        one is at rest) and whether the gripper is told to be closed."""
        steps = np.diff(self.path, axis=0, append=self.path[-1:])
        return np.column_stack([steps, self.closed]).astype(np.float32)


def script(motion: str, generator: np.random.Generator, num_frames: int) -> Script:
    """Draws one way to perform a motion.

    Args:
        motion: a name of `MOTIONS`.
        generator: where the place, length, speed and wobble are drawn from.
        num_frames: frames of the video, at least 16.
    """
    kind, _, way = motion.partition("_")
    if kind == "push":
        return _push(way, generator, num_frames)
    if kind == "circle":
        return _circle(way, generator, num_frames)
    return (_sweep if kind == "sweep" else _lift)(generator, num_frames)


def _push(way: str, generator: np.random.Generator, num_frames: int) -> Script:
    """Straight on, through an object, with a slight slant and bend."""
    sign = 1 if way in ("right", "away") else -1
    along = 0 if way in ("left", "right") else 1
    span = 2 * REACH[along]
    length = span * generator.uniform(0.72, 1.0)
    start = np.zeros(2)
    start[along] = -sign * (REACH[along] - (span - length) * generator.random())
    start[1 - along] = REACH[1 - along] * generator.uniform(-0.8, 0.8)
    slant, bend = generator.uniform(-0.2, 0.2), generator.uniform(-0.015, 0.015)
    time = _progress(num_frames - DOWN - UP)
    line = np.empty((len(time), 2))
    line[:, along] = start[along] + sign * length * time
    line[:, 1 - along] = (
        start[1 - along] + slant * length * (time - 0.5) + bend * np.sin(np.pi * time)
    )
    ahead = line[np.searchsorted(time * length, generator.uniform(0.075, 0.10))]
    return _touch(line, generator, angle=along * math.pi / 2, target=ahead)


def _circle(way: str, generator: np.random.Generator, num_frames: int) -> Script:
    """A little more than once around, clockwise as seen from above."""
    sign = -1 if way == "clockwise" else 1
    radius = generator.uniform(0.075, 0.11)
    centre = np.array([generator.uniform(-1, 1) * (0.2 - radius), 0.0])
    centre[1] = generator.uniform(-1, 1) * (0.13 - radius)
    first, turns = generator.uniform(0, 2 * np.pi), generator.uniform(1.0, 1.2)
    time = _progress(num_frames - DOWN - UP)
    phase = first + sign * 2 * np.pi * turns * time
    line = centre + radius * np.column_stack([np.cos(phase), np.sin(phase)])
    ahead = line[np.searchsorted(time, generator.uniform(0.2, 0.4))]
    return _touch(line, generator, angle=generator.uniform(0, np.pi), target=ahead)


def _sweep(generator: np.random.Generator, num_frames: int) -> Script:
    """To one side, back, and to that side again."""
    half = generator.uniform(0.085, 0.115)
    side = 1 if generator.random() < 0.5 else -1
    middle = generator.uniform(-1, 1) * (REACH[0] - half)
    depth = REACH[1] * generator.uniform(-0.8, 0.8)
    drift = generator.uniform(-0.03, 0.03)
    time = _progress(num_frames - DOWN - UP)
    across = middle - side * half * np.cos(3 * np.pi * time)
    line = np.column_stack([across, depth + drift * (time - 0.5)])
    ahead = np.array([middle - side * half * generator.uniform(-0.3, 0.2), depth])
    return _touch(line, generator, angle=0.0, target=ahead)


def _touch(
    line: np.ndarray, generator: np.random.Generator, angle: float, target: np.ndarray
) -> Script:
    """Down to the beginning of a line, along it with closed fingers, and up."""
    first = line[0] + generator.uniform(-0.02, 0.02, 2)
    down, up = _progress(DOWN + 1)[:-1, None], _progress(UP + 1)[1:, None]
    flat = np.concatenate([first + (line[0] - first) * down, line, line[-1] + 0 * up])
    drop = (HIGH - LOW) * generator.uniform(0.8, 1.2)
    height = np.full(len(flat), LOW)
    height[:DOWN] += drop * (1 - down[:, 0])
    height[len(flat) - UP :] += drop * up[:, 0]
    path = np.column_stack([flat, height])
    return Script(path, np.ones(len(path)), angle, (target[0], target[1]))


def _lift(generator: np.random.Generator, num_frames: int) -> Script:
    """Around an object with open fingers, up with it, and down again."""
    place = np.array(REACH) * generator.uniform(-0.9, 0.9, 2)
    height = generator.uniform(0.15, 0.21)
    start = HIGH * generator.uniform(1.0, 1.3)
    lean = generator.uniform(-0.03, 0.03, 2)
    # Frame by frame: come down, close, rise, stay, go down, open, leave.
    down = 4 + int(generator.integers(0, 3))
    close, stay, leave = 3, 2, 3
    rise = (num_frames - down - close - stay - leave - 2) // 2
    settle = num_frames - down - close - rise - stay - leave
    parts = [
        start + (LOW - start) * _progress(down),
        np.full(close, LOW),
        LOW + (height - LOW) * _progress(rise + 1)[1:],
        np.full(stay, height),
        height + (LOW - height) * _progress(settle - 1)[1:],
        np.full(2, LOW),
        LOW + (start - LOW) * _progress(leave + 1)[1:],
    ]
    tall = np.concatenate(parts)
    share = np.clip((tall - LOW) / (height - LOW), 0, 1)
    holding = slice(down + close, num_frames - leave - 2)
    flat = np.tile(place, (num_frames, 1))
    flat[holding] += lean * share[holding, None]
    closed = np.zeros(num_frames)
    closed[down : num_frames - leave - 2] = 1
    path = np.column_stack([flat, tall])
    return Script(path, closed, 0.0, (place[0], place[1]), grasps=True)


def _progress(count: int) -> np.ndarray:
    """`count` moments from 0 to 1 that start and stop gently."""
    time = np.linspace(0, 1, count)
    return 0.6 * time + 0.4 * (0.5 - 0.5 * np.cos(np.pi * time))
