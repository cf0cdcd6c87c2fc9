"""A robot arm built of primitives: four joints, a wrist, and a gripper of two fingers.

The arm stands behind the tray, which lies at the origin: x runs to the right of the
picture, y away from the camera, z up; metres and radians throughout.
"""

import math
from typing import Any

import numpy as np

from keras_magvit.data.simulation import meshes

# Where the arm stands, the height of its shoulder, and its lengths.
BASE = (0.0, 0.47, 0.0)
SHOULDER, UPPER, FORE, HAND = 0.26, 0.40, 0.40, 0.15

# The fingers: thickness, width, height; and how far each opens.
FINGER = (0.018, 0.056, 0.075)
OPENING = 0.043

# Joints in order: turn, shoulder, elbow, wrist, roll, left finger, right finger.
_ROLL, _FINGERS = 4, (5, 6)
_FORCES = (300.0, 300.0, 300.0, 100.0, 60.0, 12.0, 12.0)


class Arm:
    """The arm in one simulation.

    Args:
        bullet: the physics client.
        colours: RGB in [0, 1]: of the limbs, the joints, and the fingers.
    """

    def __init__(self, bullet: Any, colours: tuple[Any, Any, Any]) -> None:
        self._bullet = bullet
        self.body = _build(bullet, *colours)
        self._grip: int | None = None
        # Only the fingers touch things: an object never jams the forearm.
        for link in range(-1, _FINGERS[0]):
            bullet.setCollisionFilterGroupMask(self.body, link, 0, 0)

    def place(self, tip: np.ndarray, angle: float) -> None:
        """Puts the arm where the fingers' tip is at `tip`, without moving there."""
        for joint, value in enumerate(_joints(tip, angle, opening=0.0)):
            self._bullet.resetJointState(self.body, joint, value)

    def drive(self, tip: np.ndarray, angle: float, opening: float) -> None:
        """Sets the motors' target.

        Args:
            tip: `(x, y, z)` of the point between the fingers' ends.
            angle: direction in which the fingers are thin, from the x axis.
            opening: 0 closed to 1 open.
        """
        self._bullet.setJointMotorControlArray(
            self.body,
            range(len(_FORCES)),
            self._bullet.POSITION_CONTROL,
            targetPositions=_joints(tip, angle, opening),
            forces=_FORCES,
            positionGains=[0.35] * len(_FORCES),
            velocityGains=[1.0] * len(_FORCES),
        )

    @property
    def tip(self) -> np.ndarray:
        """Where the point between the fingers' ends is, float `(3,)`."""
        state = self._bullet.getLinkState(self.body, _ROLL, computeForwardKinematics=1)
        return np.asarray(state[4]) - (0, 0, HAND)

    def grip(self, thing: int) -> None:
        """Fastens an object to the hand: a grasp that never slips."""
        hand = self._bullet.getLinkState(self.body, _ROLL, computeForwardKinematics=1)
        place, turn = self._bullet.invertTransform(*hand[:2])
        pose = self._bullet.getBasePositionAndOrientation(thing)
        place, turn = self._bullet.multiplyTransforms(place, turn, *pose)
        self._grip = self._bullet.createConstraint(
            self.body, _ROLL, thing, -1, self._bullet.JOINT_FIXED,
            (0, 0, 0), place, (0, 0, 0), turn, (0, 0, 0, 1),
        )  # fmt: skip
        self._bullet.changeConstraint(self._grip, maxForce=60)

    def release(self) -> None:
        """Lets go of what `grip` holds, if it holds anything."""
        if self._grip is not None:
            self._bullet.removeConstraint(self._grip)
            self._grip = None


def _joints(tip: np.ndarray, angle: float, opening: float) -> list[float]:
    """Inverse kinematics: seven joint values, the hand upright and the elbow up."""
    right, forward = tip[0] - BASE[0], BASE[1] - tip[1]
    turn = math.atan2(right, forward)
    reach, rise = math.hypot(right, forward), tip[2] + HAND - SHOULDER
    cosine = (reach**2 + rise**2 - UPPER**2 - FORE**2) / (2 * UPPER * FORE)
    elbow = math.acos(min(1.0, max(-1.0, cosine)))
    shoulder = math.atan2(-rise, reach) - math.atan2(
        FORE * math.sin(elbow), UPPER + FORE * math.cos(elbow)
    )
    # The arm's own x axis points at the camera: a quarter turn from the picture's.
    roll = angle - turn + math.pi / 2
    slide = opening * OPENING
    return [turn, shoulder, elbow, -shoulder - elbow, roll, slide, slide]


def _build(bullet: Any, limb: Any, joint: Any, finger: Any) -> int:
    """Makes the body; returns its number."""

    def colour(rgb: Any) -> dict[str, Any]:
        return {"rgbaColor": (*rgb, 1), "specularColor": (0.2, 0.2, 0.2)}

    def box(size: Any, centre: Any, rgb: Any) -> int:
        half = [side / 2 for side in size]
        return bullet.createVisualShape(
            bullet.GEOM_BOX,
            halfExtents=half,
            visualFramePosition=centre,
            **colour(rgb),
        )

    def rod(radius: float, length: float, rgb: Any) -> int:
        return bullet.createVisualShape(
            bullet.GEOM_MESH,
            visualFramePosition=(length / 2, 0, 0),
            visualFrameOrientation=bullet.getQuaternionFromEuler((0, math.pi / 2, 0)),
            **meshes.capsule(radius, length),
            **colour(rgb),
        )

    thick, _, height = FINGER
    fingers = [
        (side * thick / 2, 0, height / 2 - HAND) for side in (-1, 1)
    ]  # below the wrist
    shapes = [
        box((0.13, 0.13, 0.10), (0, 0, 0), joint),
        rod(0.032, UPPER, limb),
        rod(0.026, FORE, limb),
        box((0.07, 0.07, 0.07), (0, 0, 0), joint),
        box((0.05, 0.08, 0.06), (0, 0, height - HAND + 0.03), joint),
        *(box(FINGER, centre, finger) for centre in fingers),
    ]
    solid = [
        bullet.createCollisionShape(
            bullet.GEOM_BOX,
            halfExtents=[side / 2 for side in FINGER],
            collisionFramePosition=centre,
        )
        for centre in fingers
    ]
    revolute, prismatic = bullet.JOINT_REVOLUTE, bullet.JOINT_PRISMATIC
    count = len(shapes)
    level = [(0, 0, 0, 1)] * count
    return bullet.createMultiBody(
        baseMass=0,
        baseVisualShapeIndex=box((0.16, 0.16, 0.22), (0, 0, 0.11), joint),
        basePosition=BASE,
        baseOrientation=bullet.getQuaternionFromEuler((0, 0, -math.pi / 2)),
        linkMasses=[1.0, 1.0, 0.6, 0.3, 0.2, 0.1, 0.1],
        linkCollisionShapeIndices=[-1] * (count - 2) + solid,
        linkVisualShapeIndices=shapes,
        linkPositions=[
            (0, 0, SHOULDER),
            (0, 0, 0),
            (UPPER, 0, 0),
            (FORE, 0, 0),
            (0, 0, 0),
            (0, 0, 0),
            (0, 0, 0),
        ],
        linkOrientations=level,
        linkInertialFramePositions=[(0, 0, 0)] * count,
        linkInertialFrameOrientations=level,
        linkParentIndices=[0, 1, 2, 3, 4, 5, 5],
        linkJointTypes=[revolute] * 5 + [prismatic] * 2,
        linkJointAxis=[
            (0, 0, 1),
            (0, 1, 0),
            (0, 1, 0),
            (0, 1, 0),
            (0, 0, 1),
            (-1, 0, 0),
            (1, 0, 0),
        ],
    )
