"""Functions of tensors: no layers, no variables, no randomness drawn inside."""

from keras_magvit.ops import masking, padding, sampling, schedule
from keras_magvit.ops.vocabulary import Vocabulary

__all__ = ["Vocabulary", "masking", "padding", "sampling", "schedule"]
