"""MAGVIT, the Masked Generative Video Transformer, for Keras 3."""

import importlib
import os
import sys
from typing import TYPE_CHECKING

from keras_magvit import default_backend
from keras_magvit._version import __version__

if TYPE_CHECKING:  # what the names below stand for, for readers and type checkers
    from keras_magvit import (
        conversion,
        data,
        evaluation,
        export,
        layers,
        losses,
        metrics,
        models,
        ops,
        presets,
        recipes,
        tasks,
        training,
    )
    from keras_magvit.models import (
        MAGVIT,
        MaskedVideoTransformer,
        Sampling,
        VideoDiscriminator,
        VideoTokenizer,
    )
    from keras_magvit.ops import Vocabulary
    from keras_magvit.presets import upload_preset
    from keras_magvit.training import VideoTokenizerTrainer

_MODULES = (
    *("conversion", "data", "evaluation", "export", "layers", "losses", "metrics"),
    *("models", "ops", "presets", "recipes", "tasks", "training"),
)
_HOMES = {
    "MAGVIT": "models",
    "MaskedVideoTransformer": "models",
    "Sampling": "models",
    "VideoDiscriminator": "models",
    "VideoTokenizer": "models",
    "VideoTokenizerTrainer": "training",
    "Vocabulary": "ops",
    "upload_preset": "presets",
}

__all__ = [
    "MAGVIT",
    "MaskedVideoTransformer",
    "Sampling",
    "VideoDiscriminator",
    "VideoTokenizer",
    "VideoTokenizerTrainer",
    "Vocabulary",
    "__version__",
    "conversion",
    "data",
    "evaluation",
    "export",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "presets",
    "recipes",
    "tasks",
    "training",
    "upload_preset",
]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        home = importlib.import_module(f"{__name__}.{_HOMES[name]}")
        return globals().setdefault(name, getattr(home, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(set(globals()) | set(__all__))


# The command line alone imports them when they are first asked for: it reads `--backend`
# before Keras is imported, and answers `--help` without it. So do processes that read
# videos for another one, which need no Keras. Everywhere else they are imported at once,
# so that `keras.saving.load_model` knows the classes.
_PROGRAM = os.path.basename((sys.argv or [""])[0])
_IS_COMMAND_LINE = _PROGRAM in ("-m", "keras-magvit", "keras-magvit.exe")
_IS_READER = "KERAS_MAGVIT_READER" in os.environ  # see `data.processes`
if "keras" in sys.modules or not (_IS_COMMAND_LINE or _IS_READER):
    default_backend.settle()
    for _name in _MODULES:
        importlib.import_module(f"{__name__}.{_name}")
