"""A robot arm that pushes things about in a tray: simulated, scripted, rendered."""

from keras_magvit.data.simulation.chunks import VERSION, Chunks
from keras_magvit.data.simulation.episode import (
    CONFIGS,
    FRAME_RATE,
    MOVED,
    NUM_FRAMES,
    SIZE,
    SPLITS,
    Episode,
    simulate,
)
from keras_magvit.data.simulation.motions import MOTIONS

__all__ = [
    "CONFIGS",
    "FRAME_RATE",
    "MOTIONS",
    "MOVED",
    "NUM_FRAMES",
    "SIZE",
    "SPLITS",
    "VERSION",
    "Chunks",
    "Episode",
    "simulate",
]
