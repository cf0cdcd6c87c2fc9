"""What leaves a model: functions of tensors whose inputs and outputs have names.

    encoder       video -> ids
    transformer   [task, labels,] in_tokens -> logits
    start         cond_ids, latent_mask -> in_tokens, unknown
    decode_step   in_tokens, unknown, noise, ... -> tokens, next_in_tokens, next_unknown
    decoder       ids -> video

A program without Keras needs no vocabulary: a task is a number from the description, a
label is a class or -1, and an unknown token is -1.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from keras import ops

from keras_magvit.models import decoding
from keras_magvit.models.magvit import MAGVIT


class Tensor(NamedTuple):
    """An input: its name, its shape with None for the batch, and its dtype."""

    name: str
    shape: tuple
    dtype: str


@dataclasses.dataclass(frozen=True)
class Function:
    """One function to export.

    Args:
        name: of the function and of its file.
        call: takes the inputs by name, returns the outputs in order; `keras.ops` only.
        inputs: `Tensor`s.
        outputs: names.
    """

    name: str
    call: Callable
    inputs: tuple[Tensor, ...]
    outputs: tuple[str, ...]


def functions_of(model):
    """The functions of a `MAGVIT` or a `VideoTokenizer`, by name."""
    found = _tokenizer_functions(model)
    if isinstance(model, MAGVIT):
        found.append(_transformer(model))
        if not model.conditioning.causal:
            found += [_start(model), _decode_step(model)]
    return {function.name: function for function in found}


def _tokenizer_functions(model):
    tokenizer = model.tokenizer if isinstance(model, MAGVIT) else model
    video = Tensor("video", (None, *model.video_shape, 3), "float32")
    ids = Tensor("ids", (None, *model.latent_shape), "int32")
    return [
        Function("encoder", lambda video: tokenizer.ids_of(video), (video,), ("ids",)),
        Function("decoder", lambda ids: tokenizer.video_of(ids), (ids,), ("video",)),
    ]


def _transformer(model):
    def call(in_tokens, **prompt):
        return model.grid_logits(_prefix(model, in_tokens, **prompt), in_tokens)

    inputs = list(_prompt_inputs(model))
    if model.conditioning.prefix:
        inputs += _condition_inputs(model)
    inputs.append(_grid(model, "in_tokens", "int32"))
    return Function("transformer", call, tuple(inputs), ("logits",))


def _start(model):
    def call(cond_ids, latent_mask):
        mode = model.conditioning.mask_mode
        return decoding.first_inputs(cond_ids, cond_ids, latent_mask, mode)

    inputs = _condition_inputs(model)
    return Function("start", call, inputs, ("in_tokens", "unknown"))


def _decode_step(model):
    settings = model.sampling
    guided = settings.guidance_scale != 0

    def call(
        in_tokens,
        unknown,
        cond_ids,
        latent_mask,
        categorical_gumbel,
        mask_gumbel,
        mask_ratio,
        noise_scale,
        sampling_temperature,
        guidance_scale=0.0,
        **prompt,
    ):
        nothing = ops.zeros_like(latent_mask)
        made = model.decoder.one_step(
            (settings.top_k, settings.top_p, guided),
            _prefix(model, in_tokens, cond_ids, latent_mask, **prompt),
            _unconditional_prefix(model, in_tokens, cond_ids, nothing, **prompt),
            in_tokens,
            unknown,
            cond_ids,
            latent_mask,
            categorical_gumbel,
            mask_gumbel,
            mask_ratio,
            noise_scale,
            sampling_temperature,
            guidance_scale,
        )
        _, tokens, _, next_in_tokens, next_unknown = made
        return tokens, next_in_tokens, next_unknown

    size = model.vocabulary.codebook_size
    scalars = ["mask_ratio", "noise_scale", "sampling_temperature"]
    inputs = (
        *_prompt_inputs(model),
        _grid(model, "in_tokens", "int32"),
        _grid(model, "unknown", "bool"),
        *_condition_inputs(model),
        Tensor("categorical_gumbel", (None, *model.latent_shape, size), "float32"),
        _grid(model, "mask_gumbel", "float32"),
        *(
            Tensor(name, (), "float32")
            for name in scalars + ["guidance_scale"] * guided
        ),
    )
    outputs = ("tokens", "next_in_tokens", "next_unknown")
    return Function("decode_step", call, inputs, outputs)


# === Inputs ==========================================================================


def _grid(model, name, dtype):
    return Tensor(name, (None, *model.latent_shape), dtype)


def _condition_inputs(model):
    return _grid(model, "cond_ids", "int32"), _grid(model, "latent_mask", "bool")


def _prompt_inputs(model):
    if model.vocabulary.prompts:
        yield Tensor("task", (None,), "int32")
    if model.num_classes:
        yield Tensor("labels", (None,), "int32")


def _prefix(model, tokens, cond_ids=None, latent_mask=None, *, task=None, labels=None):
    """What stands before the latents, of inputs that may be missing."""
    no_class = ops.full_like(tokens[:, 0, 0, 0], model.vocabulary.no_class)
    classes = no_class
    if labels is not None:
        classes = ops.where(labels < 0, no_class, model.vocabulary.class_id(labels))
    columns = [classes] if task is None else [task, classes]
    prompt = ops.stack(columns, axis=1)
    return model.sequence.prefix(prompt, cond_ids, latent_mask)


def _unconditional_prefix(model, tokens, cond_ids, nothing, *, task=None, labels=None):
    name = model.sequence.unconditional_task
    if task is not None and name:
        task = ops.full_like(task, model.vocabulary.prompt(name))
    return _prefix(model, tokens, cond_ids, nothing, task=task)
