"""Tokenizer, discriminator, transformer, and what joins them."""

from keras_magvit.models.decoding import DecodeStep, decode
from keras_magvit.models.discriminator import VideoDiscriminator
from keras_magvit.models.magvit import MAGVIT
from keras_magvit.models.settings import Sampling
from keras_magvit.models.tokenizer import VideoTokenizer
from keras_magvit.models.transformer import MaskedVideoTransformer

__all__ = [
    "MAGVIT",
    "DecodeStep",
    "MaskedVideoTransformer",
    "Sampling",
    "VideoDiscriminator",
    "VideoTokenizer",
    "decode",
]
