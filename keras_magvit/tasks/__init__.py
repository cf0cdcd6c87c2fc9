"""The paper's ten tasks and unconditional generation, as data."""

from keras_magvit.tasks.regions import Box, Frames, GivenMask, Nothing, Outside, Region
from keras_magvit.tasks.registry import get, names, register
from keras_magvit.tasks.task import Condition, VideoTask

__all__ = [
    "Box",
    "Condition",
    "Frames",
    "GivenMask",
    "Nothing",
    "Outside",
    "Region",
    "VideoTask",
    "get",
    "names",
    "register",
]
