"""Functions of a model as TensorFlow functions that any converter takes."""

import warnings

from keras_magvit import backend


def traceable(function):
    """A `tf.function` that takes the inputs in order and returns the outputs by name.

    What only one device or compiler runs fast is left out of its graph.
    """
    import tensorflow as tf

    names = [tensor.name for tensor in function.inputs]

    def call(*tensors):
        with backend.plain_path():
            made = function.call(**dict(zip(names, tensors, strict=True)))
        made = made if isinstance(made, tuple) else (made,)
        return dict(zip(function.outputs, made, strict=True))

    return tf.function(call, input_signature=signature(function), autograph=False)


def signature(function):
    """`tf.TensorSpec`s of the inputs."""
    import tensorflow as tf

    return [tf.TensorSpec(t.shape, t.dtype, name=t.name) for t in function.inputs]


def converted(function):
    """A function as an ONNX model.

    Returns:
        `onnx.ModelProto`; its outputs are called as the function's.
    """
    import logging

    import tf2onnx
    from keras.src.export.tf2onnx_lib import patch_tf2onnx  # it knows NumPy 1 alone

    from keras_magvit.export.graph import named_outputs

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    traced = traceable(function)
    # A dict comes back in the order of its keys.
    order = sorted(function.outputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch_tf2onnx()
        model, _ = tf2onnx.convert.from_function(traced, signature(function), opset=18)
    return named_outputs(model, order)
