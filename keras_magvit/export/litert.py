"""LiteRT, formerly TensorFlow Lite: one file a function.

The tokenizer and the transformer alone: of a step of the decode, LiteRT 2.21 refuses the
gathers along an axis when it runs them.
"""

import os
import tempfile

from keras_magvit.export import saved_model
from keras_magvit.export.errors import ExportError
from keras_magvit.export.tracing import traceable

NAMES = ("encoder", "decoder", "transformer")


def write(model, functions, folder):
    """Writes every function as `NAME.tflite`; returns name -> file.

    Raises:
        ExportError: if the converter has no kernel for something in a function.
    """
    files = {}
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "saved_model")
        saved_model.save(model, {n: traceable(f) for n, f in functions.items()}, path)
        for name in functions:
            files[name] = f"{name}.tflite"
            with open(os.path.join(folder, files[name]), "wb") as file:
                file.write(_converted(path, name))
    return files


def _converted(path, name):
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(path, signature_keys=[name])
    try:
        return converter.convert()
    except Exception as error:  # the converter has errors of its own
        raise ExportError(
            f"LiteRT cannot express {name!r}: {str(error).splitlines()[0][:200]}. "
            "Received: to='litert'"
        ) from error


class Runner:
    """Runs the files of a folder.

    Args:
        folder: where they are.
        files: name -> file.
    """

    def __init__(self, folder, files):
        import tensorflow as tf

        self._interpreters = {
            name: tf.lite.Interpreter(os.path.join(folder, file))
            for name, file in files.items()
        }

    def __contains__(self, name):
        return name in self._interpreters

    def __call__(self, name, **feeds):
        """Outputs of a function by name; inputs that it does not have are left out."""
        runner = self._interpreters[name].get_signature_runner()
        wanted = runner.get_input_details()
        return runner(**{key: feeds[key] for key in wanted})
