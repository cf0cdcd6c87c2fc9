"""Sources of videos: arrays, folders, lists, tar shards, and videos that are drawn."""

from keras_magvit.data.sources.array_files import JoinedVideos
from keras_magvit.data.sources.arrays import ArrayVideos
from keras_magvit.data.sources.digits import MovingDigits
from keras_magvit.data.sources.files import ListedVideos, VideoEntry, VideoFiles
from keras_magvit.data.sources.folder import VideoFolder
from keras_magvit.data.sources.lists import VideoList
from keras_magvit.data.sources.procedural import ProceduralVideos
from keras_magvit.data.sources.shapes import MovingShapes
from keras_magvit.data.sources.shards import TarShards

__all__ = [
    "ArrayVideos",
    "JoinedVideos",
    "ListedVideos",
    "MovingDigits",
    "MovingShapes",
    "ProceduralVideos",
    "TarShards",
    "VideoEntry",
    "VideoFiles",
    "VideoFolder",
    "VideoList",
]
