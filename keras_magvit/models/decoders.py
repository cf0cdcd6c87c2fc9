"""The two ways a model fills its grid: Algorithm 1, or one id after the other.

Each binds a model to the loops of `models.decoding` and keeps its compiled steps: one
serves all steps, tasks and calls with the same settings.
"""

import functools

import keras
import numpy as np
from keras import ops

from keras_magvit import backend
from keras_magvit.models import decoding
from keras_magvit.ops.masking import MASK
from keras_magvit.ops.sampling import gumbel


class Noise:
    """Gumbel noise, drawn step by step: index it once a step, in order.

    Args:
        shape: of one step's noise.
        generator: `keras.random.SeedGenerator`.
    """

    def __init__(self, shape, generator):
        self.shape = shape
        self.generator = generator

    def __getitem__(self, step):
        return gumbel(self.shape, self.generator)


class _Decoder:
    def __init__(self, model):
        self.model = model
        self._compiled = {}

    def _step(self, *settings):
        if settings not in self._compiled:
            step = functools.partial(self.one_step, settings)
            self._compiled[settings] = backend.compile_inference(step, self.model)
        return self._compiled[settings]


class ParallelDecoder(_Decoder):
    """Algorithm 1 with a model bound to it."""

    def noise(self, batch_size, seed):
        """`(categorical, mask)` noise for a batch, each indexed by step."""
        grid = (batch_size, *self.model.latent_shape)
        generator = keras.random.SeedGenerator(seed)
        per_id = Noise((*grid, self.model.vocabulary.codebook_size), generator)
        return per_id, Noise(grid, generator)

    def __call__(self, request, noise, settings, callback=None):
        """Decodes a `Request` to int32 `(B, t, h, w)`."""
        guided = settings.guidance_scale != 0
        step_fn = functools.partial(
            self._step(settings.top_k, settings.top_p, guided),
            request.prefix,
            request.uncond_prefix,
        )
        steps = decoding.run(
            step_fn,
            request.cond_ids,
            request.cond_ids,
            request.latent_mask,
            noise,
            settings,
            self.model.conditioning.mask_mode,
        )
        for step in steps:
            if callback is not None:
                callback(step)
        return step.tokens

    def one_step(self, settings, prefix, uncond_prefix, *arguments):
        """`decoding.decode_step` with the model's logits; also inside a traced function.

        Args:
            settings: `(top_k, top_p, guided)`.
            prefix, uncond_prefix: see `Request`.
            *arguments: of `decoding.decode_step`, after its `logits_fn`.
        """
        top_k, top_p, guided = settings

        def logits_fn(grid, unknown, scale):
            logits = self.model.grid_logits(prefix, grid)
            if not guided:
                return logits
            blind = ops.where(unknown, MASK, grid)
            uncond_logits = self.model.grid_logits(uncond_prefix, blind)
            return logits + scale * (logits - uncond_logits)

        return decoding.decode_step(
            logits_fn,
            *arguments,
            mode=self.model.conditioning.mask_mode,
            top_k=top_k,
            top_p=top_p,
        )


class AutoregressiveDecoder(_Decoder):
    """Raster order, one forward pass an id: the paper's slow rival."""

    def noise(self, batch_size, seed):
        """Categorical noise for a batch, indexed by position; there is no mask noise."""
        size = self.model.vocabulary.codebook_size
        return Noise((batch_size, size), keras.random.SeedGenerator(seed)), None

    def __call__(self, request, noise, settings, callback=None):
        """Decodes a `Request` to int32 `(B, t, h, w)`; reads the sampling knobs only."""
        step_fn = self._step(settings.top_k, settings.top_p)
        temperature = np.float32(settings.sampling_temperature)
        ids = ops.zeros_like(request.cond_ids)
        for position in range(self.model.sequence.num_latents):
            here = np.int32(position)
            ids = step_fn(request.prefix, ids, here, noise[0][position], temperature)
            if callback is not None:
                callback(self._describe(position, ids))
        return ids

    def one_step(self, settings, prefix, *arguments):
        """`decoding.autoregressive_step`, as that of `ParallelDecoder`."""
        top_k, top_p = settings
        logits_fn = functools.partial(self.model.grid_logits, prefix)
        return decoding.autoregressive_step(
            logits_fn, *arguments, top_k=top_k, top_p=top_p
        )

    def _describe(self, position, ids):
        total = self.model.sequence.num_latents
        cells = np.arange(total).reshape(1, *self.model.latent_shape)
        drawn = ops.broadcast_to(cells == position, ids.shape)
        left = ops.broadcast_to(cells > position, ids.shape)
        share = 1 - (position + 1) / total
        return decoding.DecodeStep(
            position, total, ids, drawn, ids, ids, None, share, ids, left
        )
