"""The tray, and where things lie in it."""

import math
from typing import Any

import numpy as np

from keras_magvit.data.simulation.look import Look

# The tray's inner sides, the height and thickness of its walls.
TRAY = (0.54, 0.42)
_WALL, _THICK = 0.035, 0.016
# Nothing leaves the tray: how much higher the walls are than they look.
_FENCE = 0.5

# How far the middle of a thing stays from another's, and from the walls.
_APART, _FROM_WALL = 0.1, 0.055


def build_tray(bullet: Any, look: Look) -> None:
    """Makes the tray, which does not move; the table is the picture's background."""
    _block(bullet, (*TRAY, 0.02), (0, 0, -0.01), look.tray)
    wide, deep = (side + _THICK for side in TRAY)
    for sign in (-1, 1):
        centre = (0.0, sign * deep / 2, _WALL / 2)
        _block(bullet, (wide + _THICK, _THICK, _WALL), centre, look.walls, _FENCE)
        centre = (sign * wide / 2, 0.0, _WALL / 2)
        _block(bullet, (_THICK, deep, _WALL), centre, look.walls, _FENCE)


def _block(bullet: Any, size: Any, centre: Any, rgb: Any, fence: float = 0.0) -> None:
    """A box that stays, and above it, unseen, as much more of it as `fence`."""
    half = [side / 2 for side in size]
    solid = bullet.createCollisionShape(
        bullet.GEOM_BOX,
        halfExtents=(half[0], half[1], half[2] + fence / 2),
        collisionFramePosition=(0, 0, fence / 2),
    )
    seen = bullet.createVisualShape(
        bullet.GEOM_BOX,
        halfExtents=half,
        rgbaColor=(*rgb, 1),
        specularColor=(0, 0, 0),
    )
    bullet.createMultiBody(0, solid, seen, centre)


def draw_places(
    generator: np.random.Generator,
    count: int,
    target: tuple[float, float],
    hand: np.ndarray,
) -> list[np.ndarray]:
    """Draws where things lie: the target first, the others apart and not under the hand.

    Args:
        generator: where the places are drawn from.
        count: how many things there should be; fewer places if the tray is full.
        target: `(x, y)` of the first.
        hand: `(x, y)` where the hand comes down.
    """
    room = np.array(TRAY) / 2 - _FROM_WALL
    places = [np.array(target)]
    for _ in range(40 * count):
        if len(places) == count:
            break
        place = generator.uniform(-room, room)
        near = min(math.dist(place, other) for other in places)
        if near > _APART and math.dist(place, hand) > _APART:
            places.append(place)
    return places
