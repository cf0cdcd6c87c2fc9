"""Videos to clips: sources of videos, and datasets of clips drawn from them.

A `VideoSource` gives random access to the frames of videos; a `ClipDataset` turns it
into a stream of clips `{"video": float32 (T, H, W, 3) in [0, 1], "label": int32}` that
is a pure function of its seed. Nothing here imports Keras or a framework before it is
asked for one.
"""

from keras_magvit.data.augment import ColourJitter
from keras_magvit.data.clips import ClipDataset
from keras_magvit.data.report import SkipReport
from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.data.sources import ArrayVideos, MovingDigits, MovingShapes
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
    "MovingDigits",
    "MovingShapes",
    "SkipReport",
    "TokenCache",
    "TokenCacheError",
    "VideoInfo",
    "VideoSource",
    "tokenize_dataset",
]
