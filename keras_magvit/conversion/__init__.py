"""Checkpoints of other codebases, in and out."""

from keras_magvit.conversion.magvit import magvit_from_videogvt, split_prompts
from keras_magvit.conversion.videogvt import (
    discriminator_from_videogvt,
    discriminator_to_videogvt,
    tokenizer_from_videogvt,
    tokenizer_to_videogvt,
    transformer_from_videogvt,
    transformer_to_videogvt,
)

__all__ = [
    "discriminator_from_videogvt",
    "discriminator_to_videogvt",
    "magvit_from_videogvt",
    "split_prompts",
    "tokenizer_from_videogvt",
    "tokenizer_to_videogvt",
    "transformer_from_videogvt",
    "transformer_to_videogvt",
]
