"""A whole model from official checkpoints, with a prompt of its own for every task."""

import keras
import numpy as np

from keras_magvit.conversion.videogvt import (
    tokenizer_from_videogvt,
    transformer_from_videogvt,
)
from keras_magvit.models import MAGVIT, Sampling
from keras_magvit.ops.vocabulary import Vocabulary

# Official task ids begin with these; a suffix names the region.
_TASKS = {
    "full_generation": "class_generation",
    "frame_prediction": "frame_prediction",
    "frame_interpolation": "frame_interpolation",
    "outpainting_c": "central_outpainting",
    "outpainting_v": "vertical_outpainting",
    "outpainting_h": "horizontal_outpainting",
    "outpainting_dv": "dynamic_outpainting",
    "inpainting_c": "central_inpainting",
    "inpainting_dv": "dynamic_inpainting",
}


def split_prompts(transformer, released, target):
    """Gives every task a prompt row of its own, copied from the one it shared.

    The model computes what it did before; training may then tell the tasks apart.

    Args:
        transformer: `MaskedVideoTransformer` with the official rows; changed in place.
        released: `Vocabulary` that says which rows it was trained with.
        target: `Vocabulary` of the same size.

    Returns:
        `transformer`.

    Raises:
        ValueError: if the sizes differ.

    Example:
        >>> km.conversion.split_prompts(model.transformer, released, model.vocabulary)
    """
    if not transformer.vocabulary_size == released.size == target.size:
        raise ValueError(
            "Transformer and vocabularies must be of one size. Received: "
            f"{transformer.vocabulary_size}, {released.size} and {target.size}"
        )
    for variable in (transformer.token_embedding.embeddings, transformer.head_bias):
        rows = np.array(keras.ops.convert_to_numpy(variable))
        shared = rows.copy()
        for task in target.prompts.keys() & released.prompts.keys():
            rows[target.prompt(task)] = shared[released.prompt(task)]
        variable.assign(rows)
    return transformer


def magvit_from_videogvt(
    tokenizer_params, tokenizer_config, transformer_params, transformer_config, **kwargs
):
    """A `MAGVIT` from the two checkpoints of an official model.

    Args:
        tokenizer_params: parameters of the 3D-VQ (`ema_params` of its train state).
        tokenizer_config: its config.
        transformer_params: parameters of the transformer.
        transformer_config: its config; its `sampling` becomes the model's.
        **kwargs: of `MAGVIT`, overriding the config.

    Returns:
        `MAGVIT`. In a multi-task model the prompts are split, see `split_prompts`.

    Raises:
        ValueError: if keys or shapes do not fit; all are named.

    Example:
        >>> model = km.conversion.magvit_from_videogvt(
        ...     vq_params, vq_config, params, config
        ... )
    """
    config = transformer_config
    tokenizer = tokenizer_from_videogvt(tokenizer_params, tokenizer_config)
    transformer = transformer_from_videogvt(transformer_params, config)
    sizes = (tokenizer.codebook_size, config["dataset_configs"]["num_classes"])
    vocabulary = Vocabulary.single_task(*sizes)
    if config.get("multi_task", False):
        vocabulary = Vocabulary.multi_task(*sizes)
        patched = config.get("bug_patches", {}).get("inpainting_token", False)
        released = Vocabulary.released(*sizes, inpainting_prompt=patched)
        split_prompts(transformer, released, vocabulary)
    latent_shape = config["transformer"]["latent_shape"]
    frames = config.get("frame_prediction", {})
    pairs = zip(latent_shape, tokenizer.strides, strict=True)
    arguments = {
        "num_classes": sizes[1],
        "tasks": _task_names(config),
        "condition_frames": frames.get("cond_frames", 1),
        "condition_latent_frames": frames.get("cond_latent_frames", 1),
        "conditioning": _conditioning(config),
        "vocabulary": vocabulary,
        "sampling": _sampling(config.get("sampling", {})),
        "video_shape": tuple(cells * stride for cells, stride in pairs),
    }
    return MAGVIT(tokenizer, transformer, **{**arguments, **kwargs})


def _task_names(config):
    names = []
    for task in config.get("tasks", ("full_generation",)):
        if task not in _TASKS:
            raise ValueError(
                f"Tasks {sorted(_TASKS)} can be converted. Received: task={task!r}"
            )
        names.append(_TASKS[task])
    if not config["dataset_configs"]["num_classes"]:
        unlabelled = {"class_generation": "unconditional_generation"}
        names = [unlabelled.get(name, name) for name in names]
    return tuple(names)


# The official `condition_mode`s that a model here can be made with.
_CONDITIONINGS = {"cond->input": "commit", "input->input": "latent"}
_REGIONS = {
    "outpainting_c": "rectangle_central",
    "outpainting_v": "rectangle_vertical",
    "outpainting_h": "rectangle_horizontal",
    "outpainting_dv": "dynamic_vertical",
    "inpainting_c": "rectangle_central",
    "inpainting_dv": "dynamic_central",
}


def _conditioning(config):
    """The one way in which all tasks of a config condition; others are refused."""
    modes = set()
    for task in config.get("tasks", ("full_generation",)):
        own = config.get(task, {})
        if task != "full_generation":
            mode = own.get("condition_mode", config.get("condition_mode"))
            modes.add(mode or "cond->input")
        region = own.get("cond_region", _REGIONS.get(task))
        if region != _REGIONS.get(task):
            raise ValueError(
                f"Task {task!r} has the region {_REGIONS.get(task)!r} here. "
                f"Received: cond_region={region!r}"
            )
    if len(modes) > 1 or not modes <= _CONDITIONINGS.keys():
        raise ValueError(
            f"All tasks must have one condition_mode of {list(_CONDITIONINGS)}. "
            f"Received: condition_mode={sorted(modes)}"
        )
    return _CONDITIONINGS[modes.pop()] if modes else "commit"


def _sampling(config):
    return Sampling(
        num_steps=config.get("mask_bins", 12),
        schedule=config.get("mask_scheduling_method", "cosine"),
        choice_temperature=config.get("choice_temperature", 4.5),
        top_k=config.get("sampling_topk", 0),
        top_p=config.get("sampling_topp", 0.0),
        guidance_scale=config.get("guidance_scale", 0.0),
    )
