"""MAGVIT, the Masked Generative Video Transformer, for Keras 3."""

from keras_magvit import (
    conversion,
    layers,
    losses,
    models,
    ops,
    presets,
    tasks,
    training,
)
from keras_magvit._version import __version__
from keras_magvit.models import (
    MAGVIT,
    MaskedVideoTransformer,
    Sampling,
    VideoDiscriminator,
    VideoTokenizer,
)
from keras_magvit.ops import Vocabulary

__all__ = [
    "MAGVIT",
    "MaskedVideoTransformer",
    "Sampling",
    "VideoDiscriminator",
    "VideoTokenizer",
    "Vocabulary",
    "__version__",
    "conversion",
    "layers",
    "losses",
    "models",
    "ops",
    "presets",
    "tasks",
    "training",
]
