"""MAGVIT: a tokenizer and a masked transformer that generate video together."""

from typing import ClassVar

import keras

from keras_magvit import tasks
from keras_magvit.fitting import FitMixin
from keras_magvit.models import conditioning as conditionings
from keras_magvit.models.decoders import AutoregressiveDecoder, ParallelDecoder
from keras_magvit.models.generation import GenerationMixin
from keras_magvit.models.sequence import TokenSequence
from keras_magvit.models.settings import Sampling
from keras_magvit.models.tokenizer import VideoTokenizer
from keras_magvit.models.transformer import MaskedVideoTransformer
from keras_magvit.ops.vocabulary import PROMPTS, Vocabulary
from keras_magvit.presets.mixin import PresetMixin

_UNCONDITIONAL = ("unconditional_generation", "class_generation")


class _Untracked:
    """Hides a model from Keras' tracking of attributes, which looks into tuples too."""

    def __init__(self, model):
        self.model = model


@keras.saving.register_keras_serializable(package="keras_magvit")
class MAGVIT(GenerationMixin, FitMixin, PresetMixin, keras.Model):
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
        >>> model = MAGVIT(tokenizer, transformer, tasks=("frame_prediction",))
        >>> video = model.generate("frame_prediction", video=clip[:, :1], seed=1)

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
        """What stands in every cell.

        Args:
            inputs: int32 `(B, L)`; see `sequence`.
            training: bool; dropout.

        Returns:
            float32 `(B, N, K)`: logits over the codebook, in raster order.
        """
        hidden = self.transformer.hidden(inputs, training=training)
        logits = self.transformer.head(self.sequence.latent_positions(hidden))
        return logits[..., : self.vocabulary.codebook_size]

    def grid_logits(self, prefix, grid):
        """Logits over the codebook for every cell.

        Args:
            prefix: int32 `(B, P)`.
            grid: int32 `(B, t, h, w)`, `MASK` (-1) where the model must fill in.

        Returns:
            float32 `(B, t, h, w, K)`.
        """
        return self.sequence.unpack(self.call(self.sequence.pack(prefix, grid)))

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
