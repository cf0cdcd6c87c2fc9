"""Training: stage 1, what keeps it safe, and the inflation of a 2D tokenizer."""

from keras_magvit.training.distribution import (
    tokenizer_layout_map,
    transformer_layout_map,
)
from keras_magvit.training.inflation import inflate
from keras_magvit.training.run import train
from keras_magvit.training.safety import DivergenceGuard, SaveState, TrainingDiverged
from keras_magvit.training.state import TrainingState, TrainingStateError
from keras_magvit.training.tokenizer_trainer import VideoTokenizerTrainer

__all__ = [
    "DivergenceGuard",
    "SaveState",
    "TrainingDiverged",
    "TrainingState",
    "TrainingStateError",
    "VideoTokenizerTrainer",
    "inflate",
    "tokenizer_layout_map",
    "train",
    "transformer_layout_map",
]
