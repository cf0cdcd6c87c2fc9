"""Digits as strokes, drawn in many hands."""

import numpy as np

_POINTS = 12  # of an arc


def _arc(
    x: float, y: float, across: float, down: float, first: float, last: float
) -> np.ndarray:
    """Points of an ellipse from one angle to another, in degrees clockwise from +x."""
    angles = np.radians(np.linspace(first, last, _POINTS))
    return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=-1)


def _line(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float64)


# Strokes in a box [-1, 1] x [-1, 1], x to the right and y down; digits are about 1.2
# wide and 2 high. Two ways to write a digit are two entries.
DIGITS: tuple[tuple[tuple[np.ndarray, ...], ...], ...] = (
    ((_arc(0, 0, 0.6, 1, -90, 270),),),
    (
        (_line((0, -1), (0, 1)),),
        (_line((-0.4, -0.6), (0.05, -1), (0.05, 1)), _line((-0.4, 1), (0.5, 1))),
    ),
    (
        (
            np.concatenate(
                [_arc(0, -0.45, 0.55, 0.55, -170, 40), _line((-0.6, 1), (0.6, 1))]
            ),
        ),
    ),
    (
        (_arc(-0.05, -0.5, 0.5, 0.5, -150, 90), _arc(-0.05, 0.5, 0.6, 0.5, -90, 150)),
        (
            np.concatenate(
                [
                    _line((-0.5, -1), (0.5, -1), (-0.05, -0.2)),
                    _arc(-0.05, 0.4, 0.6, 0.6, -90, 150),
                ]
            ),
        ),
    ),
    (
        (_line((0.25, -1), (-0.6, 0.35), (0.65, 0.35)), _line((0.3, -0.2), (0.3, 1))),
        (_line((-0.5, -1), (-0.5, 0), (0.5, 0)), _line((0.5, -1), (0.5, 1))),
    ),
    (
        (
            np.concatenate(
                [
                    _line((0.55, -1), (-0.4, -1), (-0.5, -0.15)),
                    _arc(-0.05, 0.4, 0.6, 0.6, -120, 145),
                ]
            ),
        ),
    ),
    (
        (
            np.concatenate(
                [
                    _arc(0.5, 0.35, 1.1, 1.35, -95, -180),
                    _arc(0, 0.45, 0.58, 0.55, -180, 180),
                ]
            ),
        ),
    ),
    (
        (_line((-0.6, -1), (0.6, -1), (-0.15, 1)),),
        (_line((-0.6, -1), (0.6, -1), (-0.15, 1)), _line((-0.3, 0), (0.5, 0))),
    ),
    ((_arc(0, -0.5, 0.48, 0.5, 90, 450), _arc(0, 0.5, 0.6, 0.5, -90, 270)),),
    (
        (
            np.concatenate(
                [_arc(0, -0.45, 0.58, 0.55, 0, 360), _line((0.58, -0.45), (0.4, 1))]
            ),
        ),
    ),
)


def draw_digit(digit: int, side: int, generator: np.random.Generator) -> np.ndarray:
    """Draws one digit by hand: slanted, turned, stretched, with a pen of some width.

    Args:
        digit: 0 to 9.
        side: pixels of the square that it fills.
        generator: decides the hand; a fixed number of draws is taken.

    Returns:
        float `(side, side)` in [0, 1], antialiased, 1 where there is ink.
    """
    draws = generator.random(6)
    ways = DIGITS[digit]
    strokes = ways[int(draws[0] * len(ways))]
    wobble = generator.normal(scale=0.03, size=(2, 2, 2))
    slant, turn = 0.35 * (draws[1] - 0.35), 0.3 * (draws[2] - 0.5)
    hand = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    hand = hand @ np.array([[0.8 + 0.4 * draws[3], -slant], [0, 0.9 + 0.1 * draws[4]]])
    pen = side * (0.035 + 0.05 * draws[5])
    half = side / 2
    distance = np.full((side, side), np.inf)
    for stroke in strokes:
        # Smooth bends that differ from digit to digit.
        bent = stroke + np.sin(stroke[:, ::-1] * 3 @ wobble[0]) @ wobble[1]
        points = half + bent @ hand.T * (0.9 * half - pen)
        distance = np.minimum(distance, _distance(points, side))
    return np.clip(pen + 0.5 - distance, 0, 1)


def _distance(points: np.ndarray, side: int) -> np.ndarray:
    """The distance of every pixel centre from a line through points, `(side, side)`."""
    y, x = np.mgrid[:side, :side] + 0.5
    first = points[:-1, :, None, None]
    along = points[1:, :, None, None] - first
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    from_x, from_y = x - first[:, 0], y - first[:, 1]
    share = np.clip((from_x * along[:, 0] + from_y * along[:, 1]) / length, 0, 1)
    gap_x, gap_y = from_x - share * along[:, 0], from_y - share * along[:, 1]
    return np.sqrt((gap_x**2 + gap_y**2).min(axis=0))
