"""Tokenizer, discriminator, transformer, and what joins them."""

from keras_magvit.models.discriminator import VideoDiscriminator
from keras_magvit.models.tokenizer import VideoTokenizer
from keras_magvit.models.transformer import MaskedVideoTransformer

__all__ = ["MaskedVideoTransformer", "VideoDiscriminator", "VideoTokenizer"]
