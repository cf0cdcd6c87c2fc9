"""The things that are pushed about: boxes, bricks, cylinders, spheres, capsules."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_magvit.data.simulation import meshes


@dataclass(frozen=True)
class _Thing:
    """What one thing is to the simulator.

    Args:
        height: of its middle above the floor.
        solid: arguments of `createCollisionShape`.
        seen: arguments of `createVisualShape`.
        lying: whether its axis lies level.
        thin: the turn, about the upright, that fits it between the fingers.
    """

    height: float
    solid: Callable[[Any], dict[str, Any]]
    seen: Callable[[Any], dict[str, Any]]
    lying: bool = False
    thin: float = 0.0


def _block(half: tuple[float, float, float], thin: float = 0.0) -> _Thing:
    def shape(bullet: Any) -> dict[str, Any]:
        return {"shapeType": bullet.GEOM_BOX, "halfExtents": half}

    return _Thing(half[2], shape, shape, thin=thin)


def _round(kind: str, radius: float, length: float, lying: bool = False) -> _Thing:
    def solid(bullet: Any) -> dict[str, Any]:
        geometry = getattr(bullet, f"GEOM_{kind}")
        return {"shapeType": geometry, "radius": radius, "height": length}

    def seen(bullet: Any) -> dict[str, Any]:
        mesh = meshes.cylinder if kind == "CYLINDER" else meshes.capsule
        return {"shapeType": bullet.GEOM_MESH, **mesh(radius, length)}

    upright = length / 2 if kind == "CYLINDER" else radius
    return _Thing(radius if lying else upright, solid, seen, lying)


def _kinds(small: float, large: float) -> tuple[_Thing, ...]:
    """One thing of each kind, of two half sides or radii."""
    return (
        _block((large, large, small)),
        _block((0.056, 0.025, small), thin=math.pi / 2),
        _round("CYLINDER", large, 2 * small),
        _round("CYLINDER", small, 2.2 * large),
        _round("SPHERE", large, 0.0),
        _round("CAPSULE", small, 0.05, lying=True),
    )


def add_thing(
    bullet: Any,
    generator: np.random.Generator,
    place: np.ndarray,
    rgb: Any,
    graspable: bool = False,
) -> int:
    """Puts a thing into the tray.

    Args:
        bullet: the physics client.
        generator: where its kind, sizes and turn are drawn from.
        place: `(x, y)` of its middle.
        rgb: its colour, in [0, 1].
        graspable: whether to turn it so that it fits between the fingers.

    Returns:
        The number of the body.
    """
    small, large = np.sort(generator.uniform(0.028, 0.038, 2)).tolist()
    kinds = _kinds(small, large)
    thing = kinds[generator.integers(len(kinds))]
    turn = generator.uniform(-math.pi / 2, math.pi / 2)
    if graspable:
        turn = thing.thin + 0.05 * turn
    body = bullet.createMultiBody(
        0.15,
        bullet.createCollisionShape(**thing.solid(bullet)),
        bullet.createVisualShape(
            **thing.seen(bullet), rgbaColor=(*rgb, 1), specularColor=(0.3, 0.3, 0.3)
        ),
        (*place, thing.height + 0.002),
        bullet.getQuaternionFromEuler((math.pi / 2 if thing.lying else 0.0, 0.0, turn)),
    )
    bullet.changeDynamics(
        body,
        -1,
        lateralFriction=0.5,
        rollingFriction=0.002,
        spinningFriction=0.002,
        linearDamping=0.3,
        angularDamping=0.6,
    )
    return body
