"""TensorFlow's SavedModel: one folder, a signature a function."""

import os

from keras_magvit.export.loop import PER_STEP, STATE
from keras_magvit.export.tracing import traceable

FOLDER = "saved_model"


def write(model, functions, folder):
    """Writes the signatures of all functions; returns name -> folder."""
    traced = {name: traceable(f) for name, f in functions.items()}
    if "decode_step" in traced:
        traced["decode"] = _decode(functions)
        del traced["start"]
    save(model, traced, os.path.join(folder, FOLDER))
    return dict.fromkeys(traced, FOLDER)


def save(model, traced, path):
    """Writes a SavedModel with a signature for each `tf.function`, name -> function."""
    import tensorflow as tf

    module = tf.Module()
    # What owns the variables; a MAGVIT does not track its tokenizer.
    module.models = [model, getattr(model, "tokenizer", model)]
    signatures = {name: f.get_concrete_function() for name, f in traced.items()}
    # A gradient would need the variables that a function with constants has not.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, path, signatures, options)


def _decode(functions):
    """Algorithm 1 as a `tf.function` that takes any number of steps."""
    import tensorflow as tf

    start, step = functions["start"], functions["decode_step"]
    first, one = traceable(start), traceable(step)
    names = [t.name for t in step.inputs if t.name not in STATE]
    specs = []
    for tensor in step.inputs:
        if tensor.name in STATE:
            continue
        shape = (None, *tensor.shape) if tensor.name in PER_STEP else tensor.shape
        specs.append(tf.TensorSpec(shape, tensor.dtype, name=tensor.name))

    def call(*tensors):
        given = dict(zip(names, tensors, strict=True))
        state = first(*(given[t.name] for t in start.inputs))
        shape = given["cond_ids"].shape

        def body(index, in_tokens, unknown, tokens):
            here = {name: given[name][index] for name in PER_STEP}
            now = {**given, **here, "in_tokens": in_tokens, "unknown": unknown}
            made = one(*(now[t.name] for t in step.inputs))
            made = [made[n] for n in ("next_in_tokens", "next_unknown", "tokens")]
            return index + 1, *(tf.ensure_shape(x, shape) for x in made)

        count = tf.shape(given["mask_ratio"])[0]
        last = tf.while_loop(
            lambda index, *_: index < count,
            body,
            (tf.constant(0), state["in_tokens"], state["unknown"], given["cond_ids"]),
            shape_invariants=(tf.TensorShape(()), shape, shape, shape),
        )
        return {"ids": last[-1]}

    return tf.function(call, input_signature=specs, autograph=False)


class Runner:
    """Runs the signatures of a folder.

    Args:
        folder: what `write` was given.
    """

    def __init__(self, folder):
        import tensorflow as tf

        self._loaded = tf.saved_model.load(os.path.join(folder, FOLDER))

    def __contains__(self, name):
        return name in self._loaded.signatures

    def __call__(self, name, **feeds):
        """Outputs of a function by name; inputs that it does not have are left out."""
        import tensorflow as tf

        function = self._loaded.signatures[name]
        wanted = function.structured_input_signature[1]
        made = function(**{key: tf.constant(feeds[key]) for key in wanted})
        return {key: value.numpy() for key, value in made.items()}
