"""Videos to clips: sources of videos, and datasets of clips drawn from them.

A `VideoSource` gives random access to the frames of videos; a `ClipDataset` turns it
into a stream of clips `{"video": float32 (T, H, W, 3) in [0, 1], "label": int32}` that
is a pure function of its seed. Nothing here imports Keras or a framework before it is
asked for one.
"""

from keras_magvit.data.augment import ColourJitter
from keras_magvit.data.clip_dataset import ClipDataset
from keras_magvit.data.image_layers import ImageLayers
from keras_magvit.data.registry import clips, open_source, prepare
from keras_magvit.data.report import SkipReport
from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.data.sources import (
    ArrayVideos,
    JoinedVideos,
    MovingDigits,
    MovingShapes,
    TarShards,
    VideoFolder,
    VideoList,
)
from keras_magvit.data.survey import Survey, check
from keras_magvit.data.token_cache import (
    TokenCache,
    TokenCacheError,
    tokenize_dataset,
)

__all__ = [
    "UNLABELLED",
    "ArrayVideos",
    "ClipDataset",
    "ColourJitter",
    "ImageLayers",
    "JoinedVideos",
    "MovingDigits",
    "MovingShapes",
    "SkipReport",
    "Survey",
    "TarShards",
    "TokenCache",
    "TokenCacheError",
    "VideoFolder",
    "VideoInfo",
    "VideoList",
    "VideoSource",
    "check",
    "clips",
    "open_source",
    "prepare",
    "tokenize_dataset",
]
