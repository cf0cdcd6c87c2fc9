"""Sources of videos: arrays, folders, tar shards, and videos that are drawn."""

from keras_magvit.data.sources.arrays import ArrayVideos
from keras_magvit.data.sources.digits import MovingDigits
from keras_magvit.data.sources.procedural import ProceduralVideos
from keras_magvit.data.sources.shapes import MovingShapes

__all__ = ["ArrayVideos", "MovingDigits", "MovingShapes", "ProceduralVideos"]
