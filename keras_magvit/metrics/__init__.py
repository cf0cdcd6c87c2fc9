"""Metrics of videos, by the protocols of the papers."""

from keras_magvit.metrics.frechet import frechet_distance
from keras_magvit.metrics.frechet_video import FVDResult, fvd, video_statistics
from keras_magvit.metrics.fvd_metric import FrechetVideoDistance
from keras_magvit.metrics.statistics import FeatureStatistics
from keras_magvit.networks.i3d import I3D

__all__ = [
    "I3D",
    "FVDResult",
    "FeatureStatistics",
    "FrechetVideoDistance",
    "frechet_distance",
    "fvd",
    "video_statistics",
]
