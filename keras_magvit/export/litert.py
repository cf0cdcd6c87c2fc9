"""LiteRT, formerly TensorFlow Lite: one file a function; the loop of the decode is left out.

A program runs `decode_step` once a step, as it would of ONNX.
"""

import os
import tempfile
import warnings

from keras_magvit.export import saved_model
from keras_magvit.export.errors import ExportError
from keras_magvit.export.tracing import signature, traceable


def write(model, functions, folder):
    """Writes every function as `NAME.tflite`; returns name -> file.

    Raises:
        ExportError: if the converter has no kernel for something in a function.
    """
    files = {}
    functions = {name: f for name, f in functions.items() if name != "start"}
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "saved_model")
        saved_model.save(model, {n: _frozen(f) for n, f in functions.items()}, path)
        for name in functions:
            files[name] = f"{name}.tflite"
            with open(os.path.join(folder, files[name]), "wb") as file:
                file.write(_converted(path, name))
    return files


def _frozen(function):
    """As `traceable`, with the weights as constants.

    As variables the converter would leave them out of the file, where they read as zeros.
    """
    import tensorflow as tf
    from tensorflow.python.framework import convert_to_constants

    traced = traceable(function).get_concrete_function()
    frozen = convert_to_constants.convert_variables_to_constants_v2(traced)

    def call(*tensors):
        # A dict comes back in the order of its keys.
        return dict(zip(sorted(function.outputs), frozen(*tensors), strict=True))

    return tf.function(call, input_signature=signature(function), autograph=False)


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

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it moves to a package of its own
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
