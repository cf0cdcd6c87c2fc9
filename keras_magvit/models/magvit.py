"""MAGVIT: a tokenizer and a masked transformer that generate video together."""

from typing import ClassVar

import keras
import numpy as np
from keras import ops

from keras_magvit import inputs, tasks
from keras_magvit.models import conditioning as conditionings
from keras_magvit.models.decoders import AutoregressiveDecoder, ParallelDecoder
from keras_magvit.models.request import prepare
from keras_magvit.models.sequence import TokenSequence
from keras_magvit.models.settings import Sampling
from keras_magvit.models.tokenizer import VideoTokenizer
from keras_magvit.models.transformer import MaskedVideoTransformer
from keras_magvit.ops.vocabulary import PROMPTS, Vocabulary
from keras_magvit.presets.mixin import PresetMixin

_UNCONDITIONAL = ("unconditional_generation", "class_generation")
# What every backend takes as the seed of its generator.
_MAX_SEED = 2**31


class _Untracked:
    """Hides a model from Keras' tracking of attributes, which looks into tuples too."""

    def __init__(self, model):
        self.model = model


@keras.saving.register_keras_serializable(package="keras_magvit")
class MAGVIT(PresetMixin, keras.Model):
    """Generates video from a task, a part of a video, and a class.

    Args:
        tokenizer: `VideoTokenizer`; held frozen, outside the trained state.
        transformer: "base", "large", "huge", a dict of arguments, or a
            `MaskedVideoTransformer` that fits vocabulary and sequence.
        num_classes: C; 0 for unlabelled data.
        tasks: names of the tasks the model is made for. With one task there is no
            prompt token, and any other task may still be tried.
        conditioning: "commit", or a rival: "latent", "prefix", "autoregressive".
        condition_frames: frames given to tasks that start from whole frames.
        condition_latent_frames: latent frames that then count as given; None takes
            `ceil(condition_frames / temporal stride)`.
        vocabulary: `Vocabulary` (or its config); None makes one for `tasks`.
        sampling: `Sampling` (or a dict), the defaults of `generate`.
        video_shape: `(T, H, W)`; None takes the tokenizer's.
        **kwargs: of `keras.Model`.

    Attributes:
        latent_shape: `(t, h, w)`.
        sequence: `TokenSequence`, the layout of the transformer's input.

    Raises:
        ValueError: if the parts do not fit together.

    Example:
        >>> model = MAGVIT(tokenizer, "base", tasks=("frame_prediction",))
        >>> clip = model.generate("frame_prediction", video=first_frames, seed=1)

    Reference:
        MAGVIT, arXiv:2212.05199.
    """

    preset_parts: ClassVar[dict[str, type]] = {
        "tokenizer": VideoTokenizer,
        "transformer": MaskedVideoTransformer,
    }

    def __init__(
        self,
        tokenizer,
        transformer="base",
        *,
        num_classes=0,
        tasks=("frame_prediction",),
        conditioning="commit",
        condition_frames=1,
        condition_latent_frames=None,
        vocabulary=None,
        sampling=None,
        video_shape=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._tokenizer = _Untracked(tokenizer)
        self.video_shape = tuple(video_shape or tokenizer.video_shape)
        self.latent_shape = tokenizer.latent_shape_of(self.video_shape)
        self.tasks = _task_names(tasks)
        self.num_classes = num_classes
        self.conditioning = conditionings.get(conditioning)
        if not 0 < condition_frames < max(self.video_shape[0], 2):
            raise ValueError(
                "`condition_frames` must be at least one and fewer than the clip's "
                f"{self.video_shape[0]}. Received: condition_frames={condition_frames}"
            )
        self.condition_frames = condition_frames
        self.condition_latent_frames = condition_latent_frames
        self.vocabulary = _vocabulary(
            vocabulary, tokenizer, num_classes, self.tasks, self.conditioning
        )
        self.sampling = Sampling.of(sampling)
        self.sequence = TokenSequence(
            self.vocabulary,
            self.latent_shape,
            self.latent_shape[0] if self.conditioning.prefix else 0,
            self.conditioning.causal,
            # Guidance must not steer away from a prompt that was never trained.
            next((name for name in _UNCONDITIONAL if name in self.tasks), None),
        )
        self.transformer = self._fit_transformer(transformer)
        decoder = AutoregressiveDecoder if self.conditioning.causal else ParallelDecoder
        self.decoder = decoder(self)
        self.built = True

    def _fit_transformer(self, transformer):
        needed = {
            "vocabulary_size": self.vocabulary.size,
            "max_length": self.sequence.length,
            "causal": self.conditioning.causal,
        }
        common = {**needed, "dtype": self.dtype_policy, "name": "transformer"}
        if isinstance(transformer, str):
            return MaskedVideoTransformer.from_size(transformer, **common)
        if isinstance(transformer, dict):
            return MaskedVideoTransformer(**{**common, **transformer})
        given = {key: getattr(transformer, key) for key in needed}
        if given["max_length"] > needed["max_length"]:
            given["max_length"] = needed["max_length"]  # a longer table serves too
        if given != needed:
            raise ValueError(
                f"`transformer` must fit the vocabulary and the sequence: {needed}. "
                f"Received: transformer with {given}"
            )
        return transformer

    @property
    def tokenizer(self):
        """The frozen `VideoTokenizer`."""
        return self._tokenizer.model

    def call(self, inputs, training=False):
        """int32 `(B, L)` to logits `(B, L, V)`: the transformer."""
        return self.transformer(inputs, training=training)

    def grid_logits(self, prefix, grid):
        """Logits over the codebook for every cell.

        Args:
            prefix: int32 `(B, P)`.
            grid: int32 `(B, t, h, w)`, `MASK` (-1) where the model must fill in.

        Returns:
            float32 `(B, t, h, w, K)`.
        """
        hidden = self.transformer.hidden(self.sequence.pack(prefix, grid))
        logits = self.transformer.head(self.sequence.latent_positions(hidden))
        return self.sequence.unpack(logits)

    # === Generation ===================================================================

    def generate(
        self,
        task,
        video=None,
        labels=None,
        mask=None,
        num_samples=1,
        seed=0,
        num_steps=None,
        schedule=None,
        choice_temperature=None,
        sampling_temperature=None,
        top_k=None,
        top_p=None,
        guidance_scale=None,
        keep_condition=False,
        noise=None,
        callback=None,
    ):
        """Makes videos.

        Args:
            task: a task's name, the paper's abbreviation, or a `VideoTask`.
            video: `(B, T, H, W, 3)`, uint8 or float in [0, 1], the clips whose given
                part is kept. For tasks that start from whole frames, the given frames
                alone will do: `(B, n, H, W, 3)` with n < T; interpolation takes half of
                them for each end. Tasks that start from nothing do not read it.
            labels: an int or one int a clip, for tasks that use the class; others do
                not read it.
            mask: bool `(H, W)` or `(T, H, W)`, True where pixels are given; takes the
                place of the task's own region.
            num_samples: videos made for each clip.
            seed: int; the same seed makes the same bytes on the same backend.
            num_steps, schedule, choice_temperature, sampling_temperature, top_k, top_p,
                guidance_scale: see `Sampling`; None takes the model's `sampling`.
            keep_condition: put the given pixels back, exactly.
            noise: `(categorical_gumbel, mask_gumbel)` to replay a decode; see
                `models.decode`. None draws it from `seed`.
            callback: called with a `DecodeStep` after each step.

        Returns:
            float32 numpy `(B * num_samples, T, H, W, 3)` in [0, 1]; the samples of one
            clip follow each other.

        Raises:
            ValueError: on arguments out of range or missing for the task.
        """
        settings = self.sampling.replace(
            num_steps=num_steps,
            schedule=schedule,
            choice_temperature=choice_temperature,
            sampling_temperature=sampling_temperature,
            top_k=top_k,
            top_p=top_p,
            guidance_scale=guidance_scale,
        )
        if not (isinstance(num_samples, (int, np.integer)) and num_samples >= 1):
            raise ValueError(
                f"`num_samples` must be an int >= 1. Received: num_samples={num_samples}"
            )
        is_int = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
        if not is_int or not 0 <= seed < _MAX_SEED:
            raise ValueError(
                f"`seed` must be an int in [0, {_MAX_SEED}). Received: seed={seed!r}"
            )
        if settings.top_k > self.vocabulary.codebook_size:
            raise ValueError(
                f"`top_k` must be at most {self.vocabulary.codebook_size}. "
                f"Received: top_k={settings.top_k}"
            )
        request = prepare(self, task, video, labels, mask, num_samples)
        if noise is None:
            noise = self.decoder.noise(request.cond_ids.shape[0], int(seed))
        ids = self.decoder(request, noise, settings, callback)
        made = ops.clip(self.tokenizer.decode(ids), 0.0, 1.0)
        if keep_condition and request.condition is not None:
            made = ops.where(
                request.condition.video_mask, request.condition.video, made
            )
        return ops.convert_to_numpy(made)

    def extend(self, video, num_frames, *, labels=None, seed=0, **kwargs):
        """Continues a video for as long as asked, by sliding frame prediction.

        Each window starts from the last frames of what there is, as many as `video`
        has to begin with (at most T - 1).

        Args:
            video: `(B, n, H, W, 3)`, uint8 or float in [0, 1], the first frames.
            num_frames: frames of the result, `video` included.
            labels: if given, class frame prediction.
            seed: int; window i draws from `seed + i`.
            **kwargs: of `generate`.

        Returns:
            float32 numpy `(B, num_frames, H, W, 3)` in [0, 1], beginning with `video`.

        Raises:
            ValueError: as in `generate`, or if `num_frames` is not more than n.
        """
        made = ops.convert_to_numpy(inputs.as_video(video))
        if num_frames <= made.shape[1]:
            raise ValueError(
                "`num_frames` must be more than the given frames. Received: "
                f"num_frames={num_frames}, video.shape={made.shape}"
            )
        task = "frame_prediction" if labels is None else "class_frame_prediction"
        given = min(made.shape[1], self.video_shape[0] - 1)
        window = 0
        while made.shape[1] < num_frames:
            last = made[:, -given:]
            clip = self.generate(task, last, labels, seed=seed + window, **kwargs)
            made = np.concatenate([made, clip[:, given:]], axis=1)
            window += 1
        return made[:, :num_frames]

    # === Config =======================================================================

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "tokenizer": serialize(self.tokenizer),
            "transformer": serialize(self.transformer),
            "num_classes": self.num_classes,
            "tasks": self.tasks,
            "conditioning": self.conditioning.name,
            "condition_frames": self.condition_frames,
            "condition_latent_frames": self.condition_latent_frames,
            "vocabulary": self.vocabulary.get_config(),
            "sampling": self.sampling.get_config(),
            "video_shape": self.video_shape,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for part in ("tokenizer", "transformer"):
            config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)


def _task_names(given):
    given = (given,) if isinstance(given, str) else tuple(given)
    if not given:
        raise ValueError("`tasks` must name at least one task. Received: tasks=()")
    return tuple(tasks.get(task).name for task in given)


def _vocabulary(given, tokenizer, num_classes, names, conditioning):
    if isinstance(given, dict):
        given = Vocabulary.from_config(given)
    size = tokenizer.codebook_size
    if given is None:
        if len(names) > 1:
            extra = [name for name in names if name not in PROMPTS]
            return Vocabulary.multi_task(size, num_classes, extra=extra)
        # A prefix condition needs the row of its separator.
        return Vocabulary(size, num_classes, num_special=1 + conditioning.prefix)
    if (given.codebook_size, given.num_classes) != (size, num_classes):
        raise ValueError(
            "`vocabulary` must have the tokenizer's codebook and the model's classes "
            f"{(size, num_classes)}. Received: vocabulary={given}"
        )
    return given
