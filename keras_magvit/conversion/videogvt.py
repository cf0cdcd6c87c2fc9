"""Checkpoints of the official code (`videogvt`, Flax) in and out, bit by bit.

A checkpoint is a dict of arrays, nested as Flax has it or flat with "/" in the names,
with or without a leading "params/".
"""

from collections.abc import Mapping

import keras
import numpy as np

from keras_magvit.conversion import names
from keras_magvit.layers import VectorQuantizer
from keras_magvit.models import (
    MaskedVideoTransformer,
    VideoDiscriminator,
    VideoTokenizer,
)

# === Tokenizer =======================================================================


def tokenizer_from_videogvt(params, config, **kwargs):
    """A `VideoTokenizer` with the weights of an official one, 3D or 2D.

    Args:
        params: the generator's parameters.
        config: the `vqvae` dict of its config, or the whole config.
        **kwargs: of `VideoTokenizer`, overriding the config.

    Returns:
        `VideoTokenizer`.

    Raises:
        ValueError: if the config asks for a variant that was never released with a
            config of its own, or if keys or shapes do not fit; all are named.

    Example:
        >>> tokenizer = km.conversion.tokenizer_from_videogvt(params, config)
    """
    config = _section(config, "vqvae")
    model = VideoTokenizer(**{**_tokenizer_arguments(config), **kwargs})
    _assign(names.tokenizer(model), params)
    return model


def tokenizer_to_videogvt(model):
    """The inverse of `tokenizer_from_videogvt`: flat dict of numpy arrays.

    Example:
        >>> params = km.conversion.tokenizer_to_videogvt(tokenizer)
        >>> sorted(params)[0]
    """
    drop_time = model.temporal_kernel == 1

    def official(array):
        return array[0] if drop_time and array.ndim == 5 else array

    return {k: official(v) for k, v in _export(names.tokenizer(model)).items()}


# What the converter relies on; other values are options that no released config uses.
_TOKENIZER_DEFAULTS = {
    "activation_fn": ("swish",),
    "norm_type": ("GN",),
    "conv_downsample": (False,),
    "deconv_upsample": (False,),
    "upsample": ("nearest+conv",),
    "latent_normalize": (False,),
    "embedding_loss_ratio": (1, 1.0),
    "vector_quantizer_class": ("VectorQuantizer",),
    "architecture": ("3dcnn", "2dcnn"),
}


def _tokenizer_arguments(config):
    unknown = {
        key: config[key]
        for key, known in _TOKENIZER_DEFAULTS.items()
        if config.get(key, known[0]) not in known
    }
    is_2d = config["architecture"] == "2dcnn"
    border = None if is_2d else config.get("custom_conv_padding")
    if border not in (None, "reflect"):
        unknown["custom_conv_padding"] = border
    if is_2d and config.get("encoder_conv_padding") is not None:
        # The official 2D decoder pads with zeros all the same.
        unknown["encoder_conv_padding"] = config["encoder_conv_padding"]
    if unknown:
        raise ValueError(
            "Only the options of the released configs can be converted: "
            f"{_TOKENIZER_DEFAULTS}. Received: config with {unknown}"
        )
    steps = len(config["channel_multipliers"]) - 1
    flags = config.get("temporal_downsample", 0)
    if isinstance(flags, int):  # a number stands for so many levels nearest the pixels
        flags = [i < flags for i in range(steps)]
    quantizer = VectorQuantizer(
        config["codebook_size"],
        config["embedding_dim"],
        config.get("commitment_cost", 0.25),
        config.get("entropy_loss_ratio", 0.1),
        config.get("entropy_temperature", 0.01),
        config.get("entropy_loss_type", "softmax"),
        name="quantizer",
    )
    return {
        "filters": config["filters"],
        "channel_multipliers": config["channel_multipliers"],
        "temporal_downsample": flags,
        "embedding_dim": config["embedding_dim"],
        "codebook_size": config["codebook_size"],
        "num_res_blocks": config["num_enc_res_blocks"],
        "num_decoder_res_blocks": config["num_dec_res_blocks"],
        "padding": border or "same",
        "temporal_kernel": 1 if is_2d else 3,
        "quantizer": quantizer,
    }


# === Discriminator ===================================================================


def discriminator_from_videogvt(params, config, **kwargs):
    """A `VideoDiscriminator` with the weights of an official one.

    Args:
        params: the discriminator's parameters.
        config: the `discriminator` dict of its config, or the whole config.
        **kwargs: of `VideoDiscriminator`; without `video_shape` it takes any clip whose
            last feature map has as many values as the first dense layer has rows.

    Raises:
        ValueError: if keys or shapes do not fit; all are named.

    Example:
        >>> discriminator = km.conversion.discriminator_from_videogvt(params, config)
    """
    config = _section(config, "discriminator")
    flat = _flatten(params)
    arguments = {
        "filters": config["filters"],
        "channel_multipliers": config["channel_multipliers"],
        **kwargs,
    }
    if "video_shape" not in arguments and "Dense_0/kernel" in flat:
        arguments["head_size"] = flat["Dense_0/kernel"].shape[0]
    model = VideoDiscriminator(**arguments)
    _assign(names.discriminator(model), flat)
    return model


def discriminator_to_videogvt(model):
    """The inverse of `discriminator_from_videogvt`: flat dict of numpy arrays.

    Example:
        >>> params = km.conversion.discriminator_to_videogvt(discriminator)
    """
    return _export(names.discriminator(model))


# === Transformer =====================================================================


def transformer_from_videogvt(params, config, **kwargs):
    """A `MaskedVideoTransformer` with the weights of an official one.

    The rows of the embedding table stay where they are: an official id `-1` is row
    `V - 1` here.

    Args:
        params: the transformer's parameters.
        config: the whole config.
        **kwargs: of `MaskedVideoTransformer`, overriding the config.

    Raises:
        ValueError: if keys or shapes do not fit; all are named.

    Example:
        >>> transformer = km.conversion.transformer_from_videogvt(params, config)
    """
    size = config["transformer"]
    special = 16 if config.get("multi_task", False) else 1
    classes = config["dataset_configs"]["num_classes"] + 1
    arguments = {
        "vocabulary_size": config["vq_codebook_size"] + classes + special,
        "max_length": config["total_seq_length"],
        "num_layers": size["num_layers"],
        "num_heads": size["num_heads"],
        "hidden_dim": size["hidden_size"],
        "mlp_dim": size["mlp_dim"],
        "dropout": size.get("dropout_rate", 0.1),
        "attention_dropout": size.get("attention_dropout_rate", 0.1),
        **kwargs,
    }
    model = MaskedVideoTransformer(**arguments)
    _assign(names.transformer(model), params)
    return model


def transformer_to_videogvt(model):
    """The inverse of `transformer_from_videogvt`: flat dict of numpy arrays.

    Example:
        >>> params = km.conversion.transformer_to_videogvt(model.transformer)
    """
    return _export(names.transformer(model))


# === Shared ==========================================================================


def _section(config, name):
    return config[name] if name in config else config


def _flatten(params, scope=""):
    flat = {}
    for key, value in params.items():
        if isinstance(value, Mapping):
            flat.update(_flatten(value, f"{scope}{key}/"))
        else:
            flat[f"{scope}{key}".removeprefix("params/")] = np.asarray(value)
    return flat


def _assign(named_variables, params):
    """Assigns every array to its variable, or none of them."""
    flat = _flatten(params)
    wanted = dict(named_variables)
    wrong = [f"missing {key}" for key in wanted if key not in flat]
    wrong += [f"unexpected {key}" for key in flat if key not in wanted]
    for key in wanted.keys() & flat.keys():
        shape, given = tuple(wanted[key].shape), flat[key].shape
        # A 2D kernel is a 3D one over a single frame.
        if given != shape and (1, *given) != shape:
            wrong.append(f"shape of {key}: {given} in place of {shape}")
    if wrong:
        raise ValueError(
            f"The checkpoint does not fit the config. Received: params with "
            f"{len(wrong)} faults: {'; '.join(sorted(wrong))}"
        )
    for key, variable in wanted.items():
        variable.assign(flat[key].reshape(tuple(variable.shape)))


def _export(named_variables):
    return {
        key: np.array(keras.ops.convert_to_numpy(variable))
        for key, variable in named_variables
    }
