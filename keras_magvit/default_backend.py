"""Which backend Keras takes where nobody names one."""

import importlib.util
import json
import os
import sys
from pathlib import Path

_OTHERS = ("jax", "torch")


def settle():
    """Names an installed backend where Keras would take one that is missing.

    Keras takes TensorFlow by itself, and writes that into its configuration as if it
    had been asked for. A backend that is named by KERAS_BACKEND stands, and so does one
    of the configuration that is installed.
    """
    if "keras" in sys.modules or os.environ.get("KERAS_BACKEND"):
        return
    if not _is_installed(_configured()):
        found = next(filter(_is_installed, _OTHERS), None)
        if found:
            os.environ["KERAS_BACKEND"] = found


def _configured():
    """The backend of Keras' configuration, which is TensorFlow where there is none."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        config = json.loads(Path(home, "keras.json").read_text(encoding="utf-8"))
        return str(config["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


def _is_installed(name):
    return importlib.util.find_spec(name) is not None
