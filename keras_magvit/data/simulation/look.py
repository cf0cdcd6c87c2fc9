"""How a scene looks: colours, light and camera, drawn once a video."""

import colorsys
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

# Hue, saturation and value of the things' colours: told apart at a few pixels.
_PALETTE = (
    (0.00, 0.85, 0.90),  # red
    (0.08, 0.90, 0.98),  # orange
    (0.15, 0.85, 0.98),  # yellow
    (0.33, 0.75, 0.70),  # green
    (0.50, 0.75, 0.85),  # cyan
    (0.61, 0.80, 0.90),  # blue
    (0.78, 0.60, 0.75),  # violet
    (0.91, 0.55, 0.98),  # pink
    (0.07, 0.60, 0.45),  # brown
)

# Colours that are the same in every video of the fixed configuration.
_TABLE, _TRAY, _WALLS = (0.28, 0.36, 0.45), (0.86, 0.85, 0.80), (0.60, 0.50, 0.40)
_ARM = ((0.95, 0.95, 0.95), (0.30, 0.31, 0.34), (0.16, 0.16, 0.18))


@dataclass(frozen=True)
class Look:
    """Colours (RGB in [0, 1]), light and camera of one video."""

    table: Any
    tray: Any
    walls: Any
    arm: Any
    things: list[Any]
    light: Any
    ambient: float
    diffuse: float
    eye: Any
    target: Any
    field_of_view: float

    @property
    def background(self) -> np.ndarray:
        """The table's colour in this light, uint8 `(3,)`: it lies level."""
        light = self.ambient + self.diffuse * self.light[2] / math.hypot(*self.light)
        return np.rint(255 * np.clip(light * np.asarray(self.table), 0, 1)).astype(
            np.uint8
        )


def draw_look(generator: np.random.Generator, varied: bool) -> Look:
    """Draws a look: always up to small jitter, or freely where `varied`."""
    order = generator.permutation(len(_PALETTE))
    shifts = generator.uniform(-1, 1, (len(order), 3)) * (0.02, 0.08, 0.08)
    things = [_rgb(_PALETTE[i] + shift) for i, shift in zip(order, shifts, strict=True)]
    spread = 1.0 if varied else 0.06
    turn, rise, pan, zoom, sun, glow = generator.uniform(-1, 1, 6) * spread
    tints = generator.uniform(-1, 1, (4, 3))
    azimuth = math.radians(30) * turn
    height = math.radians(58) + math.radians(10) * rise
    distance = 1.0 + 0.08 * zoom + 0.07 * abs(turn)
    target = np.array([0.02 * pan, 0.015, 0.02])
    eye = target + distance * np.array(
        [
            math.sin(azimuth) * math.cos(height),
            -math.cos(azimuth) * math.cos(height),
            math.sin(height),
        ]
    )
    colours: list[Any] = [_TABLE, _TRAY, _WALLS]
    if varied:
        colours = [_tint(c, t) for c, t in zip(colours, tints, strict=False)]
    table, tray, walls = colours
    return Look(
        table,
        tray,
        walls,
        arm=_ARM,
        things=things,
        light=(0.5 + 0.6 * sun, -0.7 + 0.4 * turn, 1.4),
        ambient=0.55 + 0.12 * glow,
        diffuse=0.45,
        eye=eye.tolist(),
        target=target.tolist(),
        field_of_view=36.0,
    )


def _rgb(hsv: np.ndarray) -> tuple[float, float, float]:
    hue, saturation, value = hsv
    return colorsys.hsv_to_rgb(hue % 1, np.clip(saturation, 0, 1), np.clip(value, 0, 1))


def _tint(rgb: Any, shift: np.ndarray) -> tuple[float, ...]:
    return tuple(np.clip(np.asarray(rgb) + 0.15 * shift, 0, 1).tolist())
