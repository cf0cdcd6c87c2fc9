"""One video: a script performed in a scene, rendered frame by frame."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.simulation.arm import Arm
from keras_magvit.data.simulation.client import Client
from keras_magvit.data.simulation.look import Look, draw_look
from keras_magvit.data.simulation.motions import MOTIONS, Script, script
from keras_magvit.data.simulation.scene import build_tray, draw_places
from keras_magvit.data.simulation.things import add_thing

NUM_FRAMES, SIZE, FRAME_RATE = 30, 64, 10.0
CONFIGS, SPLITS = ("fixed", "varied"), ("train", "validation")
MOST_THINGS = 8

# An object that came this far from where it lay, in metres, was moved.
MOVED = 0.02

# Physics steps in a frame, and before the first one, for things to come to rest.
_STEPS, _SETTLING = 24, 60
# Frames are drawn this much larger and averaged, so that edges are smooth.
_SUPERSAMPLING = 3


@dataclass(frozen=True)
class Episode:
    """A rendered video and what the simulator knows about it.

    Args:
        video: uint8 `(30, 64, 64, 3)`.
        action: float32 `(30, 4)`: the hand's commanded step to the next frame (dx, dy,
            dz; metres; x right, y away, z up) and the gripper (1 closed, 0 open).
        hand: float32 `(30, 3)`, where the fingers' tip is, metres.
        label: which of `MOTIONS`.
        displacement: how far the object that moved most ever was from where it lay.
        eye: float32 `(3,)`, where the camera stands, metres.
    """

    video: np.ndarray
    action: np.ndarray
    hand: np.ndarray
    label: int
    displacement: float
    eye: np.ndarray


def simulate(seed: int, split: str, config: str, index: int) -> Episode:
    """Simulates one video: a pure function of the arguments.

    Args:
        seed: at least 0.
        split: "train" or "validation", drawn from streams of their own.
        config: "fixed" (camera, light and tray up to small jitter) or "varied".
        index: which video, at least 0; its label is `index % 8`.

    Raises:
        ValueError: for an argument out of its range.
        ImportError: if PyBullet is missing; the text has the pip line.
    """
    checks.at_least(0, seed=seed, index=index)
    checks.one_of(split=(split, SPLITS), config=(config, CONFIGS))
    stream = (seed, CONFIGS.index(config), SPLITS.index(split), index)
    generator = np.random.default_rng(stream)
    label = index % len(MOTIONS)
    plan = script(MOTIONS[label], generator, NUM_FRAMES)
    look = draw_look(generator, varied=config == "varied")
    count = int(generator.integers(3, MOST_THINGS + 1))
    places = draw_places(generator, count, plan.target, plan.path[0, :2])
    with Client() as bullet:
        bullet.setGravity(0, 0, -9.81)
        build_tray(bullet, look)
        arm = Arm(bullet, look.arm)
        things = [
            add_thing(bullet, generator, place, rgb, plan.grasps and i == 0)
            for i, (place, rgb) in enumerate(zip(places, look.things, strict=False))
        ]
        frames, hand, moved = _perform(bullet, arm, things, plan, look)
    return Episode(
        video=np.stack(frames),
        action=plan.actions,
        hand=np.asarray(hand, np.float32),
        label=label,
        displacement=float(np.linalg.norm(moved - moved[0], axis=-1).max()),
        eye=np.asarray(look.eye, np.float32),
    )


def _perform(
    bullet: Any, arm: Arm, things: list[int], plan: Script, look: Look
) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Carries out a script: frames, places of the hand, and of the things `(T, n, 3)`."""
    arm.place(plan.path[0], plan.angle)
    arm.drive(plan.path[0], plan.angle, 1 - plan.closed[0])
    for _ in range(_SETTLING):
        bullet.stepSimulation()
    frames, hand, places = [], [], []
    for t in range(NUM_FRAMES):
        frames.append(_render(bullet, look))
        hand.append(arm.tip)
        places.append([bullet.getBasePositionAndOrientation(n)[0] for n in things])
        if t + 1 < NUM_FRAMES:
            _advance(bullet, arm, things[0], plan, t)
    return frames, hand, np.asarray(places)


def _advance(bullet: Any, arm: Arm, target: int, plan: Script, t: int) -> None:
    """From frame `t` to the next: the tip goes straight, the gripper as it is told."""
    if plan.grasps and t > 1 and plan.closed[t - 1] != plan.closed[t - 2]:
        # The fingers have had one frame to close.
        arm.grip(target) if plan.closed[t - 1] else arm.release()
    for step in range(1, _STEPS + 1):
        tip = plan.path[t] + step / _STEPS * (plan.path[t + 1] - plan.path[t])
        arm.drive(tip, plan.angle, 1 - plan.closed[t])
        bullet.stepSimulation()


def _render(bullet: Any, look: Look) -> np.ndarray:
    """One frame, uint8 `(64, 64, 3)`."""
    side = SIZE * _SUPERSAMPLING
    _, _, pixels, depth, _ = bullet.getCameraImage(
        side,
        side,
        bullet.computeViewMatrix(look.eye, look.target, (0, 0, 1)),
        bullet.computeProjectionMatrixFOV(look.field_of_view, 1.0, 0.1, 4.0),
        lightDirection=look.light,
        lightColor=(1, 1, 1),
        lightAmbientCoeff=look.ambient,
        lightDiffuseCoeff=look.diffuse,
        lightSpecularCoeff=0.1,
        shadow=0,
        flags=bullet.ER_NO_SEGMENTATION_MASK,
        renderer=bullet.ER_TINY_RENDERER,
    )
    fine = np.asarray(pixels, np.uint8).reshape(side, side, 4)[..., :3]
    # An evenly lit table has one colour: painting it costs less than rendering it.
    empty = np.asarray(depth).reshape(side, side, 1) >= 1
    fine = np.where(empty, look.background, fine)
    return _shrink(fine, _SUPERSAMPLING)


def _shrink(fine: np.ndarray, times: int) -> np.ndarray:
    """Averages blocks of `times` x `times` pixels, rounding to the nearest."""
    corners = [fine[i::times, j::times] for i in range(times) for j in range(times)]
    total = np.sum(corners, axis=0, dtype=np.uint16)
    return np.asarray((total + times**2 // 2) // times**2, np.uint8)
