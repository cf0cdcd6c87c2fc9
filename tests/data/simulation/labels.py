"""Recovers the class of a simulated video from its actions alone."""

import numpy as np


def label_of(action):
    """Returns the name of the motion that the actions `(T, 4)` perform."""
    if not action[:, 3].all():
        return "lift"  # only there does the gripper open
    steps = action[np.abs(action[:, 2]) < 1e-4, :2].astype(float)
    path = np.cumsum(steps, axis=0)
    length, net = np.hypot(*steps.T).sum(), path[-1]
    if np.hypot(*net) > 0.7 * length:
        right, away = net
        if abs(right) > abs(away):
            return "push_right" if right > 0 else "push_left"
        return "push_away" if away > 0 else "push_towards"
    # The area inside the path, against that of a circle of its length.
    x, y = path.T
    area = 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    if abs(area) > 0.4 * length**2 / (4 * np.pi):
        return "circle_anticlockwise" if area > 0 else "circle_clockwise"
    return "sweep"
