"""Algorithm 1: all tokens at once, the least sure ones again, a few times.

A step reads the logits, draws an id for every unknown cell, and masks the cells with the
lowest confidence again, with the same `commit_mask` that training uses. All noise is
passed in, so that a decode can be replayed on any backend.
"""

import functools
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_magvit.models.settings import Sampling
from keras_magvit.ops import sampling, schedule
from keras_magvit.ops.masking import MASK, commit_mask


class DecodeStep(NamedTuple):
    """What one decoding step saw and did; all grids are `(B, t, h, w)`.

    Attributes:
        step: int, from 0.
        num_steps: int.
        in_tokens: int32, what the model was fed; `MASK` (-1) where it had to fill in.
        unknown: bool, the cells this step drew.
        sampled_tokens: int32, what was drawn, also where an id was known.
        tokens: int32, the grid after the step: drawn where unknown, kept elsewhere.
        mask_score: float32, confidence with noise; infinite where an id was known.
        mask_ratio: float, share of cells to mask for the next step.
        next_masked_tokens: int32, what the next step is fed.
        next_unknown: bool, the cells the next step draws.

    Example:
        >>> steps = []
        >>> video = model.generate("CG", labels=0, num_steps=2, callback=steps.append)
        >>> [(step.step, step.num_steps) for step in steps]
        [(0, 2), (1, 2)]
    """

    step: int
    num_steps: int
    in_tokens: object
    unknown: object
    sampled_tokens: object
    tokens: object
    mask_score: object
    mask_ratio: float
    next_masked_tokens: object
    next_unknown: object


def decode(
    logits_fn,
    ids,
    cond_ids,
    latent_mask,
    categorical_gumbel,
    mask_gumbel,
    num_steps=12,
    schedule="cosine",
    choice_temperature=4.5,
    mode="commit",
    trace=False,
    *,
    sampling_temperature=1.0,
    top_k=0,
    top_p=0.0,
    uncond_logits_fn=None,
    guidance_scale=0.0,
    callback=None,
):
    """Fills a grid of ids in `num_steps` steps.

    Args:
        logits_fn: int32 `(B, t, h, w)`, with `MASK` (-1) at unknown cells, to float
            logits `(B, t, h, w, K)`.
        ids: int32 `(B, t, h, w)`. The first mask covers every cell that may be masked,
            so only mode "latent" reads values: its known cells.
        cond_ids: int32 `(B, t, h, w)`, or None without interior condition.
        latent_mask: bool, broadcastable to `ids`, True where given; or None.
        categorical_gumbel: float `(S, B, t, h, w, K)`, or anything that gives the noise
            of step s when indexed by s; see `ops.sampling.sample` for `top_k`.
        mask_gumbel: float `(S, B, t, h, w)`, or anything indexed by step.
        num_steps, schedule, choice_temperature: see `Sampling`.
        sampling_temperature, top_k, top_p, guidance_scale: see `Sampling`.
        mode: see `ops.masking.commit_mask`.
        trace: return every step instead of the ids alone.
        uncond_logits_fn: like `logits_fn`, for guidance; it is fed [MASK] in place of
            the condition's ids.
        callback: called with each `DecodeStep`.

    Returns:
        int32 `(B, t, h, w)`; with `trace`, the list of `DecodeStep`s, whose last
        `tokens` are the ids.

    Example:
        >>> from keras_magvit.models import decode
        >>> def logits_fn(grid):
        ...     return np.zeros((*grid.shape, 4), "float32")
        >>> grid, given = np.zeros((1, 1, 2, 2), "int32"), np.zeros((1, 1, 2, 2), bool)
        >>> noise = np.zeros((2, 1, 1, 2, 2, 4), "float32")
        >>> made = decode(logits_fn, grid, grid, given, noise, noise[..., 0], num_steps=2)

    Reference:
        MAGVIT, Algorithm 1; `train_lib/parallel_decode.py` of the official code.
    """
    settings = Sampling(
        num_steps,
        schedule,
        choice_temperature,
        sampling_temperature,
        top_k,
        top_p,
        guidance_scale,
    )

    if guidance_scale and uncond_logits_fn is None:
        raise ValueError(
            "Guidance needs `uncond_logits_fn`. Received: uncond_logits_fn=None, "
            f"guidance_scale={guidance_scale}"
        )

    def guided_logits(inputs, unknown, scale):
        logits = logits_fn(inputs)
        if uncond_logits_fn is None:
            return logits
        uncond_logits = uncond_logits_fn(ops.where(unknown, MASK, inputs))
        return logits + scale * (logits - uncond_logits)

    step_fn = functools.partial(
        decode_step, guided_logits, mode=mode, top_k=top_k, top_p=top_p
    )
    steps = run(
        step_fn,
        ids,
        cond_ids,
        latent_mask,
        (categorical_gumbel, mask_gumbel),
        settings,
        mode,
    )
    kept = []
    for step in steps:
        if callback is not None:
            callback(step)
        kept = [*kept, step] if trace else [step]
    return kept if trace else kept[-1].tokens


def run(step_fn, ids, cond_ids, latent_mask, noise, settings, mode):
    """The loop of Algorithm 1; yields a `DecodeStep` a step.

    Args:
        step_fn: `decode_step` with its model bound; compiled, perhaps.
        ids, cond_ids, latent_mask, mode: see `decode`.
        noise: `(categorical_gumbel, mask_gumbel)`, each indexed by step.
        settings: a `Sampling`.
    """
    ids = ops.cast(ids, "int32")
    shape = tuple(ids.shape)
    cond_ids = ids if cond_ids is None else ops.cast(cond_ids, "int32")
    given = False if latent_mask is None else latent_mask
    # Full size, so that one compiled step serves every task.
    latent_mask = ops.broadcast_to(ops.cast(given, "bool"), shape)
    inputs, unknown = first_inputs(ids, cond_ids, latent_mask, mode)

    for step in range(settings.num_steps):
        tokens, curve = int(np.prod(shape[1:])), settings.schedule
        ratio = schedule.step_ratio(step, settings.num_steps, tokens, curve)
        left = max(0.0, 1 - (step + 1) / settings.num_steps)
        noise_scale = settings.choice_temperature * left
        drawn, tokens, score, next_inputs, next_unknown = step_fn(
            inputs,
            unknown,
            cond_ids,
            latent_mask,
            noise[0][step],
            noise[1][step],
            ratio,
            np.float32(noise_scale),
            np.float32(settings.sampling_temperature),
            np.float32(settings.guidance_scale),
        )
        yield DecodeStep(
            step,
            settings.num_steps,
            inputs,
            unknown,
            drawn,
            tokens,
            score,
            float(ratio),
            next_inputs,
            next_unknown,
        )
        inputs, unknown = next_inputs, next_unknown


def first_inputs(ids, cond_ids, latent_mask, mode):
    """What the first step is fed, and the cells it draws: `(inputs, unknown)`.

    Args:
        ids, cond_ids: int32 `(B, t, h, w)`.
        latent_mask: bool `(B, t, h, w)`.
        mode: see `ops.masking.commit_mask`.
    """
    equal = ops.zeros_like(ids, "float32")  # so that all that may be masked is
    inputs, _, weights = commit_mask(
        ids, cond_ids, latent_mask, equal, 1.0, "mask+refine", mode
    )
    return inputs, weights > 0


def decode_step(
    logits_fn,
    inputs,
    unknown,
    cond_ids,
    latent_mask,
    categorical_gumbel,
    mask_gumbel,
    ratio,
    noise_scale,
    sampling_temperature,
    guidance_scale,
    *,
    mode,
    top_k=0,
    top_p=0.0,
):
    """One step: `(drawn ids, tokens, scores, next inputs, next unknown)`.

    Args:
        logits_fn: `(inputs, unknown, guidance_scale)` to `(B, t, h, w, K)`.
        inputs: int32 `(B, t, h, w)`, `MASK` or condition ids at unknown cells.
        unknown: bool `(B, t, h, w)`.
        cond_ids, latent_mask, mode: see `commit_mask`.
        categorical_gumbel: float `(B, t, h, w, K)`.
        mask_gumbel: float `(B, t, h, w)`.
        ratio: float scalar, share of cells to mask next.
        noise_scale: float scalar, weight of `mask_gumbel`.
        sampling_temperature, guidance_scale: float scalars.
        top_k, top_p: see `ops.sampling.sample`.
    """
    logits = logits_fn(inputs, unknown, guidance_scale)
    drawn = sampling.sample(
        logits, categorical_gumbel, sampling_temperature, top_k, top_p
    )
    tokens = ops.where(unknown, drawn, inputs)
    score = sampling.confidence(logits, tokens) + noise_scale * ops.cast(
        mask_gumbel, "float32"
    )
    score = ops.where(unknown, score, float("inf"))
    # At least one cell is settled a step. With a single unknown cell left nothing is
    # masked again; the official code then masks everything.
    left = ops.sum(ops.cast(unknown, "int32"), axis=(1, 2, 3))
    limits = (1, ops.maximum(left - 1, 0))
    next_inputs, _, weights = commit_mask(
        tokens, cond_ids, latent_mask, score, ratio, "mask+refine", mode, limits
    )
    return drawn, tokens, score, next_inputs, weights > 0


def autoregressive_step(
    logits_fn, ids, position, gumbel, sampling_temperature, **kwargs
):
    """Draws the id at `position` of the flattened grid.

    Args:
        logits_fn: int32 `(B, t, h, w)` to `(B, t, h, w, K)`; the logits of a cell
            depend on earlier cells only.
        ids: int32 `(B, t, h, w)`; cells from `position` on are not read.
        position: int32 scalar.
        gumbel: float `(B, K)`.
        sampling_temperature: float scalar.
        **kwargs: `top_k` and `top_p` of `ops.sampling.sample`.

    Returns:
        int32 `(B, t, h, w)`, `ids` with one cell more.
    """
    logits = logits_fn(ids)
    size = logits.shape[-1]
    flat = ops.reshape(logits, (ops.shape(logits)[0], -1, size))
    here = ops.take(flat, position, axis=1)
    drawn = sampling.sample(here, gumbel, sampling_temperature, **kwargs)
    cells = int(np.prod(ids.shape[1:]))
    is_here = ops.reshape(ops.arange(cells) == position, (1, *ids.shape[1:]))
    return ops.where(is_here, drawn[:, None, None, None], ids)
