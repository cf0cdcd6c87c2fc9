"""LiteRT, formerly TensorFlow Lite: one file a function.

LiteRT has no 3D average pooling: the encoder keeps TensorFlow's, and runs where the
runtime was built with its operators ("select TensorFlow ops", or "Flex").

The decode is left to the caller as `start` and `decode_step`: what a phone can hold in
memory are the numbers of one step.
"""

import os

from keras_magvit.export.errors import ExportError
from keras_magvit.export.tracing import traceable


def write(functions, folder):
    """Writes every function as `NAME.tflite`; returns name -> file.

    Raises:
        ExportError: if the converter has no kernel for something in a function.
    """
    import tensorflow as tf

    files = {}
    for name, function in functions.items():
        traced = traceable(function).get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([traced])
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS,
            tf.lite.OpsSet.SELECT_TF_OPS,
        ]
        try:
            data = converter.convert()
        except Exception as error:  # the converter has errors of its own
            raise ExportError(
                f"LiteRT cannot express {name!r}: {str(error).splitlines()[0][:200]}. "
                "Received: to='litert'"
            ) from error
        files[name] = f"{name}.tflite"
        with open(os.path.join(folder, files[name]), "wb") as file:
            file.write(data)
    return files


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
