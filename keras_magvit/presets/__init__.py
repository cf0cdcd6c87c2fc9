"""Presets: the paper's models by name, and models as folders.

The package is also the function `keras_magvit.presets()`, which prints the table: both
have this name, and a module that can be called serves `keras_magvit.presets()` and
`import keras_magvit.presets.table` alike.
"""

import sys
import types

from keras_magvit.presets.cards import model_card
from keras_magvit.presets.errors import PresetError
from keras_magvit.presets.listing import presets
from keras_magvit.presets.mixin import PresetMixin
from keras_magvit.presets.table import PRESETS
from keras_magvit.presets.uploading import Upload, upload_preset

__all__ = [
    "PRESETS",
    "PresetError",
    "PresetMixin",
    "Upload",
    "model_card",
    "presets",
    "upload_preset",
]


class _CallableModule(types.ModuleType):
    __call__ = staticmethod(presets)


sys.modules[__name__].__class__ = _CallableModule
