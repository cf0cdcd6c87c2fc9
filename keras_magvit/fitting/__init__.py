"""Stage 2: what gives a `MAGVIT` its `compile`, `fit` and `evaluate`."""

from keras_magvit.fitting.examples import ExampleMaker, Examples, Part
from keras_magvit.fitting.mixin import FitMixin

__all__ = ["ExampleMaker", "Examples", "FitMixin", "Part"]
