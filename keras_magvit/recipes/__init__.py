"""Recipes: how models are trained, as data."""

from keras_magvit.recipes.table import tokenizer
from keras_magvit.recipes.tokenizer import TokenizerRecipe

__all__ = ["TokenizerRecipe", "tokenizer"]
