"""Round bodies as small meshes: the renderer's own are coarse, or cost too much."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

# How many flat sides stand for a circle, and how many rings for a half circle.
_SIDES, _RINGS = 16, 5


def cylinder(radius: float, height: float) -> dict[str, Any]:
    """An upright cylinder around the origin, as arguments of `createVisualShape`."""
    half = height / 2
    corners = [(0, -half), (radius, -half), (radius, -half)]
    corners += [(radius, half), (radius, half), (0, half)]
    normals = [(0, -1), (0, -1), (1, 0), (1, 0), (0, 1), (0, 1)]
    return _turn(corners, normals)


def capsule(radius: float, height: float) -> dict[str, Any]:
    """An upright capsule; `height` is that of the part between the half spheres.

    A height of 0 makes it a sphere.
    """
    corners, normals = [], []
    for sign in (-1, 1):
        for angle in sorted(sign * np.linspace(0, math.pi / 2, _RINGS)):
            out, up = math.cos(angle), math.sin(angle)
            corners.append((radius * out, radius * up + sign * height / 2))
            normals.append((out, up))
    return _turn(corners, normals)


def _turn(
    corners: Sequence[tuple[float, float]], normals: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """The body that an outline of (radius, height) makes around the z axis."""
    angles = np.linspace(0, 2 * math.pi, _SIDES + 1)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])

    def around(outline: Sequence[tuple[float, float]]) -> list[list[float]]:
        points = [(*(c * out), up) for c in circle for out, up in outline]
        return np.asarray(points, float).tolist()

    count = len(corners)
    starts = [side * count + j for side in range(_SIDES) for j in range(count - 1)]
    faces = [(i, i + count, i + 1, i + 1, i + count, i + count + 1) for i in starts]
    vertices = around(corners)
    return {
        "vertices": vertices,
        "normals": around(normals),
        "indices": [i for face in faces for i in face],
        "uvs": [(0.0, 0.0)] * len(vertices),
    }
