"""Recipes: how models are trained, as data."""

from keras_magvit.recipes.table import tokenizer, transformer
from keras_magvit.recipes.tokenizer import TokenizerRecipe
from keras_magvit.recipes.transformer import TransformerRecipe

__all__ = ["TokenizerRecipe", "TransformerRecipe", "tokenizer", "transformer"]
