"""MAGVIT, the Masked Generative Video Transformer, for Keras 3."""

from keras_magvit import losses, models, ops, tasks
from keras_magvit._version import __version__
from keras_magvit.models import MaskedVideoTransformer, VideoDiscriminator, VideoTokenizer
from keras_magvit.ops import Vocabulary

__all__ = [
    "MaskedVideoTransformer",
    "VideoDiscriminator",
    "VideoTokenizer",
    "Vocabulary",
    "__version__",
    "losses",
    "models",
    "ops",
    "tasks",
]
