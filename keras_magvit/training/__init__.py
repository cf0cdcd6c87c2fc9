"""Training: so far, the inflation of a 2D tokenizer to 3D."""

from keras_magvit.training.inflation import inflate

__all__ = ["inflate"]
