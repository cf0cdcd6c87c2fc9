"""VideoTokenizer: video to a small grid of ids and back."""

import keras
import numpy as np
from keras import ops

from keras_magvit import backend, inputs
from keras_magvit.layers import Decoder, Encoder, VectorQuantizer
from keras_magvit.presets.mixin import PresetMixin


@keras.saving.register_keras_serializable(package="keras_magvit")
class VideoTokenizer(PresetMixin, keras.Model):
    """3D-VQ tokenizer; with a temporal kernel of 1, its 2D ancestor, frame by frame.

    Args:
        filters: F, channels of the first level.
        channel_multipliers: channels of level i are `filters * channel_multipliers[i]`.
        temporal_downsample: for each step between levels, from pixels to latent,
            whether it halves time too. Flags beyond the last step are ignored, as in
            the released 64-pixel configs. All False when `temporal_kernel` is 1.
        embedding_dim: D, channels of the features.
        codebook_size: K, number of ids.
        num_res_blocks: residual blocks a level in the encoder.
        num_decoder_res_blocks: the same in the decoder; None takes `num_res_blocks`.
        padding: "reflect" (the paper) or "same", zeros (the released configs).
        temporal_kernel: 3 for 3D, 1 for 2D.
        quantizer: a `layers.Quantizer`; None makes a `VectorQuantizer`.
        video_shape: `(T, H, W)` that the tokenizer is made for. It is fully
            convolutional: other sizes that the strides divide work too.
        **kwargs: of `keras.Model`.

    Attributes:
        strides: `(t, h, w)` pixels a latent cell stands for.
        latent_shape: `(t, h, w)` of `video_shape`.

    Raises:
        ValueError: if the arguments do not fit together.

    Example:
        >>> tokenizer = VideoTokenizer(32, (1, 2), (True,), 8, video_shape=(4, 16, 16))
        >>> ids = tokenizer.encode(clip)      # (B, 2, 8, 8)
        >>> video = tokenizer.decode(ids)     # (B, 4, 16, 16, 3)

    Reference:
        MAGVIT, section 3.1 and Appendix A.1; `models/vqvae.py` of the official code.
    """

    def __init__(
        self,
        filters=64,
        channel_multipliers=(1, 2, 2, 4),
        temporal_downsample=(True, True, False),
        embedding_dim=256,
        codebook_size=1024,
        num_res_blocks=2,
        num_decoder_res_blocks=None,
        padding="reflect",
        temporal_kernel=3,
        quantizer=None,
        video_shape=(16, 128, 128),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.channel_multipliers = tuple(channel_multipliers)
        self.temporal_downsample = _flags(
            temporal_downsample, self.channel_multipliers, temporal_kernel
        )
        self.embedding_dim = embedding_dim
        self.codebook_size = codebook_size
        self.num_res_blocks = num_res_blocks
        self.num_decoder_res_blocks = num_decoder_res_blocks or num_res_blocks
        self.padding = padding
        self.temporal_kernel = temporal_kernel
        self.video_shape = tuple(video_shape)
        quantizer = _quantizer(quantizer, codebook_size, embedding_dim)

        levels = (filters, self.channel_multipliers, self.temporal_downsample)
        common = {
            "temporal_kernel": temporal_kernel,
            "border": padding,
            "dtype": self.dtype_policy,
        }
        self.encoder = Encoder(
            *levels, embedding_dim, num_res_blocks, name="encoder", **common
        )
        self.quantizer = quantizer
        self.decoder = Decoder(
            *levels, self.num_decoder_res_blocks, name="decoder", **common
        )
        self.latent_shape_of(self.video_shape)  # raises unless the strides divide it
        self.build((None, None, None, None, 3))
        self._encode_features = backend.compile_inference(self._features_of, self)
        self._encode = backend.compile_inference(self.ids_of, self)
        self._decode = backend.compile_inference(self.video_of, self)

    def build(self, input_shape):
        self.encoder.build(input_shape)
        latent_shape = (None, None, None, None, self.embedding_dim)
        if not self.quantizer.built:
            self.quantizer.build(latent_shape)
        self.decoder.build(latent_shape)
        self.built = True

    # === Shapes =======================================================================

    @property
    def strides(self):
        steps = len(self.channel_multipliers) - 1
        return (2 ** sum(self.temporal_downsample), 2**steps, 2**steps)

    @property
    def latent_shape(self):
        return self.latent_shape_of(self.video_shape)

    def latent_shape_of(self, video_shape):
        """`(t, h, w)` of a clip of `(T, H, W)`; ValueError if the strides do not fit."""
        fits = len(video_shape) == 3 and all(
            isinstance(size, (int, np.integer)) and size > 0 and size % stride == 0
            for size, stride in zip(video_shape, self.strides, strict=True)
        )
        if not fits:
            raise ValueError(
                f"Frames, height and width must be positive multiples of {self.strides}. "
                f"Received: video_shape={tuple(video_shape)}"
            )
        pairs = zip(video_shape, self.strides, strict=True)
        return tuple(size // stride for size, stride in pairs)

    # === What users call ==============================================================

    def encode_features(self, video):
        """Continuous features before quantization.

        Args:
            video: `(B, T, H, W, 3)`, uint8 or float in [0, 1].

        Returns:
            float32 `(B, t, h, w, D)`.

        Raises:
            ValueError: on a video that `inputs.as_video` refuses.
        """
        return self._encode_features(inputs.as_video(video, strides=self.strides))

    def encode(self, video):
        """Video to ids.

        Args:
            video: `(B, T, H, W, 3)`, uint8 or float in [0, 1].

        Returns:
            int32 `(B, t, h, w)` in `[0, K)`.

        Raises:
            ValueError: on a video that `inputs.as_video` refuses.
        """
        return self._encode(inputs.as_video(video, strides=self.strides))

    def decode(self, ids):
        """Ids to video.

        Args:
            ids: integers `(B, t, h, w)` in `[0, K)`.

        Returns:
            float32 `(B, T, H, W, 3)`, linear: clip to [0, 1] to show it.

        Raises:
            ValueError: on ids of another rank or out of range.
        """
        return self._decode(inputs.as_ids(ids, self.codebook_size))

    # === What is trained ==============================================================

    def call(self, inputs, training=False):
        """Reconstruction of float `(B, T, H, W, 3)`, unchecked and unclipped."""
        return self.reconstruct(inputs, training=training)[0]

    def reconstruct(self, video, training=False):
        """`(reconstruction, Quantized)`: one pass, for the trainer's losses."""
        del training  # no layer behaves differently
        quantized = self.quantizer(self._features_of(video))
        return self._decoded(quantized.features), quantized

    def _features_of(self, video):
        return self._by_frame(self.encoder, video)

    def ids_of(self, video):
        """`encode` of float32 in [0, 1], unchecked; also inside a traced function."""
        return self.quantizer.nearest(self._features_of(video))

    def video_of(self, ids):
        """`decode` of int32 in range, unchecked; also inside a traced function."""
        return self._decoded(self.quantizer.lookup(ids))

    def _decoded(self, features):
        return ops.cast(self._by_frame(self.decoder, features), "float32")

    def _by_frame(self, network, x):
        """Applies a network; a 2D one sees every frame as a clip of one frame."""
        if self.temporal_kernel > 1:
            return network(x)
        batch, frames, *size = x.shape
        batch = ops.shape(x)[0] if batch is None else batch
        y = network(ops.reshape(x, (batch * frames, 1, *size)))
        return ops.reshape(y, (batch, frames, *y.shape[2:]))

    # === Config =======================================================================

    @classmethod
    def from_size(cls, size, *, video_shape=(16, 128, 128), **kwargs):
        """The paper's tokenizers by name.

        Args:
            size: "base" or "large" (3D-VQ); "base_2d" or "large_2d" (2D-VQ).
            video_shape: `(T, H, W)`; below 128 pixels the models have a level less.
            **kwargs: of the constructor, overriding the table.

        Raises:
            ValueError: on an unknown size.
        """
        if size not in SIZES:
            raise ValueError(
                f"`size` must be one of {sorted(SIZES)}. Received: size={size!r}"
            )
        levels = LEVELS_128 if min(video_shape[1:]) >= 128 else LEVELS_64
        config = {**SIZES[size], "video_shape": video_shape}
        config.setdefault("channel_multipliers", levels)
        return cls(**{**config, **kwargs})

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "channel_multipliers": self.channel_multipliers,
            "temporal_downsample": self.temporal_downsample,
            "embedding_dim": self.embedding_dim,
            "codebook_size": self.codebook_size,
            "num_res_blocks": self.num_res_blocks,
            "num_decoder_res_blocks": self.num_decoder_res_blocks,
            "padding": self.padding,
            "temporal_kernel": self.temporal_kernel,
            "quantizer": keras.saving.serialize_keras_object(self.quantizer),
            "video_shape": self.video_shape,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        if isinstance(config.get("quantizer"), dict):
            quantizer = keras.saving.deserialize_keras_object(config["quantizer"])
            config["quantizer"] = quantizer
        return cls(**config)


def _flags(temporal_downsample, channel_multipliers, temporal_kernel):
    steps = len(channel_multipliers) - 1
    flags = tuple(bool(flag) for flag in temporal_downsample)[:steps]
    if temporal_kernel not in (1, 3):
        raise ValueError(
            f"`temporal_kernel` must be 1 or 3. Received: {temporal_kernel=}"
        )
    if temporal_kernel == 1:
        return (False,) * steps
    if len(flags) < steps:
        raise ValueError(
            f"`temporal_downsample` needs {steps} flags for {steps + 1} levels. "
            f"Received: {temporal_downsample=}"
        )
    return flags


def _quantizer(quantizer, codebook_size, embedding_dim):
    if quantizer is None:
        return VectorQuantizer(codebook_size, embedding_dim, name="quantizer")
    given = (quantizer.codebook_size, quantizer.embedding_dim)
    if given != (codebook_size, embedding_dim):
        raise ValueError(
            "`quantizer` must have the tokenizer's codebook_size and embedding_dim "
            f"{(codebook_size, embedding_dim)}. Received: quantizer with {given}"
        )
    return quantizer


# === Sizes: the paper's Appendix A.1 =================================================

LEVELS_128 = (1, 2, 2, 4)
LEVELS_64 = (1, 2, 4)
SIZES = {
    "base": {"filters": 64},
    "large": {"filters": 128},
    "base_2d": {"filters": 64, "temporal_kernel": 1},
    "large_2d": {"filters": 128, "temporal_kernel": 1},
}
