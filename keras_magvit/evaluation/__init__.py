"""Measuring models as the paper does: protocols as data, and reports that say all."""

from keras_magvit.evaluation.bias_card import BiasCard
from keras_magvit.evaluation.callback import FVDCallback
from keras_magvit.evaluation.class_reading import ClassReading
from keras_magvit.evaluation.comparison import Comparison, compare_videos
from keras_magvit.evaluation.measures import Measures
from keras_magvit.evaluation.protocols import PROTOCOLS, Protocol, RealClips
from keras_magvit.evaluation.results import Report, Score, TaskResult
from keras_magvit.evaluation.running import evaluate
from keras_magvit.evaluation.saving import save

__all__ = [
    "PROTOCOLS",
    "BiasCard",
    "ClassReading",
    "Comparison",
    "FVDCallback",
    "Measures",
    "Protocol",
    "RealClips",
    "Report",
    "Score",
    "TaskResult",
    "compare_videos",
    "evaluate",
    "save",
]
