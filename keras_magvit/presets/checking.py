"""A stranger's config is checked before anything in it is built.

Keras' safe mode refuses lambdas; here, beyond that, nothing is built but classes that
this package or the user has registered in this process, dtype policies and
initializers, and no size is so large that building it would hurt.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_magvit.presets import shapes
from keras_magvit.presets.errors import Refusal, reason

_KEYS = {"module", "class_name", "config", "registered_name"}
# What Keras adds and a preset does not need: it builds, compiles or shares objects.
_DROPPED = ("build_config", "compile_config", "shared_object_id")
_MAX_DEPTH, _MAX_NODES, _MAX_TEXT = 24, 20_000, 1_000
_MAX_INT = 2**31
_MAX_PARAMETERS = 5 * 10**9  # eight times the paper's largest

# Largest value of each size, wherever in the tree it stands.
_LIMITS = {
    "filters": 2**13,
    "embedding_dim": 2**14,
    "codebook_size": 2**24,
    "num_res_blocks": 64,
    "num_decoder_res_blocks": 64,
    "temporal_kernel": 64,
    "vocabulary_size": 2**25,
    "max_length": 2**20,
    "num_layers": 512,
    "num_heads": 2**10,
    "hidden_dim": 2**15,
    "mlp_dim": 2**17,
    "head_size": 2**26,
    "num_classes": 2**24,
    "num_special": 2**16,
    "condition_frames": 2**12,
    "condition_latent_frames": 2**12,
    "num_steps": 2**16,
}
# The same for lists: how many values, and the largest.
_LIST_LIMITS = {
    "channel_multipliers": (12, 64),
    "temporal_downsample": (12, 1),
    "video_shape": (3, 2**12),
}
# No weight depends on the size of the clips, so nothing else would bound it.
_MAX_CLIP_PIXELS = 2**27
_SHAPES: dict[str, Callable[..., Any]] = {
    "keras_magvit>VideoTokenizer": shapes.tokenizer,
    "keras_magvit>MaskedVideoTransformer": shapes.transformer,
    "keras_magvit>VideoDiscriminator": shapes.discriminator,
}


def stripped(value):
    """A tree without what a preset does not need."""
    if isinstance(value, dict):
        drop = _DROPPED if "class_name" in value else ()
        return {k: stripped(v) for k, v in value.items() if k not in drop}
    if isinstance(value, (list, tuple)):
        return [stripped(item) for item in value]
    return value


def check_tree(tree):
    """Refuses a tree that holds anything but what a preset may hold.

    Args:
        tree: what config.json holds, or `keras.saving.serialize_keras_object` gives.

    Returns:
        The class of its root.

    Raises:
        Refusal: naming what is wrong.
    """
    if not isinstance(tree, dict) or "class_name" not in tree:
        raise Refusal("config.json must name a class.")
    _walk(tree, 0, [0])
    cls = keras.saving.get_registered_object(tree.get("registered_name"))
    if not (isinstance(cls, type) and issubclass(cls, keras.Model)):
        raise Refusal(f"config.json must describe a model, not {tree['class_name']!r}.")
    return cls


def _walk(value, depth, nodes):
    nodes[0] += 1
    if depth > _MAX_DEPTH or nodes[0] > _MAX_NODES:
        raise Refusal("config.json is too deep or too long to be a model's.")
    if isinstance(value, dict):
        if "class_name" in value:
            _check_class(value)
        for key, item in value.items():
            _check_size(key, item)
            _walk(item, depth + 1, nodes)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _walk(item, depth + 1, nodes)
    elif isinstance(value, str):
        if len(value) > _MAX_TEXT:
            raise Refusal("config.json has a text that is too long.")
    elif isinstance(value, int) and abs(value) > _MAX_INT:
        raise Refusal("config.json has a number that is too large.")


def _check_class(node):
    name, module = node["class_name"], node.get("module")
    registered = node.get("registered_name")
    refused = Refusal(
        f"config.json names {str(name)[:100]!r} of {str(module)[:100]!r}, which is "
        "neither a class of keras_magvit nor one that this process has registered with "
        "`keras.saving.register_keras_serializable`."
    )
    if set(node) - _KEYS or not isinstance(node.get("config"), dict):
        raise Refusal(f"config.json describes {str(name)[:100]!r} in an unknown way.")
    if isinstance(registered, str) and ">" in registered:
        cls = keras.saving.get_registered_object(registered)
        if not isinstance(cls, type) or cls.__name__ != name:
            raise refused
        # It runs code that the config carries.
        if issubclass(cls, keras.layers.Lambda):
            raise refused
    elif registered is not None or not _is_harmless(module, name):
        raise refused


def _is_harmless(module, name):
    """Whether a class of Keras holds no code and no weights."""
    if module in ("keras", "keras.dtype_policies"):
        return name == "DTypePolicy"
    if module != "keras.initializers" or not isinstance(name, str):
        return False
    cls = getattr(keras.initializers, name, None)
    return isinstance(cls, type) and issubclass(cls, keras.initializers.Initializer)


def _check_size(key, value):
    values: Sequence[Any]
    if value is None:
        return
    if key in _LIMITS:
        values, longest, largest = [value], 1, _LIMITS[key]
    elif key in _LIST_LIMITS:
        longest, largest = _LIST_LIMITS[key]
        values = value if isinstance(value, (list, tuple)) else [None]
    else:
        return
    fit = all(isinstance(v, int) and 0 <= v <= largest for v in values)
    if not fit or len(values) > longest:
        raise Refusal(
            f"config.json: `{key}` must be {'a list of ' * (key in _LIST_LIMITS)}"
            f"integers from 0 to {largest}, at most {longest}; it is {str(value)[:60]}."
        )
    if key == "video_shape" and math.prod(values) > _MAX_CLIP_PIXELS:
        raise Refusal(
            f"config.json: `video_shape` must be of at most {_MAX_CLIP_PIXELS} pixels; "
            f"it is {values}."
        )


# === Weights that a config implies ===================================================


def implied_shapes(tree):
    """`[(label, shape)]` of the weights of a model of this package.

    Args:
        tree: a checked tree.

    Returns:
        The list; None for a class, or a tokenizer with a quantizer, of the user's own,
        whose weights are known only once it is built.

    Raises:
        Refusal: if the sizes do not make a model, or one that is too large.
    """
    of_model = _SHAPES.get(tree["registered_name"])
    quantizer = tree["config"].get("quantizer")
    if of_model is None or not _is_plain(quantizer):
        return None
    try:
        pairs = list(of_model(**tree["config"]))
        number = shapes.count(pairs)
    except (TypeError, ValueError, ArithmeticError, IndexError) as error:
        message = f"config.json does not describe a model: {reason(error)}."
        raise Refusal(message) from error
    check_count(number)
    return pairs


def _is_plain(quantizer):
    if quantizer is None:
        return True
    name = quantizer.get("registered_name") if isinstance(quantizer, dict) else ""
    return name == "keras_magvit>VectorQuantizer"


def check_count(number):
    """Refuses a number of parameters that no preset has."""
    if not (isinstance(number, int) and 0 <= number <= _MAX_PARAMETERS):
        raise Refusal(
            f"A preset may have up to {_MAX_PARAMETERS:,} parameters; this one claims "
            f"{str(number)[:40]}."
        )
