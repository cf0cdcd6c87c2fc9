"""C3D, the classifier of videos behind the Inception score on UCF-101.

    [3x3x3 convolutions, relu -> max pool] x 5 -> 4096 -> 4096 -> 101 logits

Reference: Tran et al. (https://arxiv.org/abs/1412.0767); Saito et al., TGANv2
(https://arxiv.org/abs/1811.09245).
"""

import keras
from keras import ops

from keras_magvit import backend, inputs
from keras_magvit.networks import c3d_weights
from keras_magvit.networks.resizing import resize_bilinear

NUM_FRAMES, IMAGE_SIZE, NUM_CLASSES = 16, 112, 101

# Convolution -> its width in units of `filters`.
_WIDTHS = {
    **{"conv1a": 1, "conv2a": 2, "conv3a": 4, "conv3b": 4},
    **{"conv4a": 8, "conv4b": 8, "conv5a": 8, "conv5b": 8},
}
# Convolution -> the pool after it; the last one is another.
_POOLS = {"conv1a": (1, 2, 2), "conv2a": 2, "conv3b": 2, "conv4b": 2}


@keras.saving.register_keras_serializable(package="keras_magvit")
class C3D(keras.Model):
    """C3D, trained on Sports-1M and tuned on UCF-101.

    It maps clips of 16 frames of any size to 101 logits: blue first, resized to 112 x
    112 between corner pixels, scaled, and less the mean clip of the training. For
    measuring only: nothing trains.

    Args:
        filters: width of the first convolution; the published network has 64.
        units: width of the two dense layers; the published network has 4096.
        **kwargs: of `keras.Model`.

    Attributes:
        weights_name: what reports call the weights; "random" unless they were loaded.
        weights_sha256: of the file they came from; None unless they were loaded.

    Example:
        >>> c3d = C3D.from_weights("conv3d_deepnetA_ucf.npz", mean="mean2.npz")
        >>> logits = c3d(videos)      # (B, 16, H, W, 3) -> (B, 101)
    """

    def __init__(self, filters=64, units=4096, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.filters, self.units = filters, units
        self.weights_name, self.weights_sha256 = "random", None
        self.layers_by_name = {
            name: keras.layers.Conv3D(
                width * filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="zeros",  # is always loaded; to draw takes seconds
                dtype=self.dtype_policy,
                name=name,
            )
            for name, width in _WIDTHS.items()
        }
        for name, width in (("fc6", units), ("fc7", units), ("fc8", NUM_CLASSES)):
            activation = None if name == "fc8" else "relu"
            self.layers_by_name[name] = keras.layers.Dense(
                width,
                activation,
                kernel_initializer="zeros",
                dtype="float32",
                name=name,
            )
        self.build((None, NUM_FRAMES, None, None, 3))
        self.trainable = False
        self._logits = backend.compile_inference(self._logits_of, self)

    @classmethod
    def from_weights(cls, path=None, mean=None, **kwargs):
        """The network with trained weights, from any of the files that people have.

        Args:
            path: `conv3d_deepnetA_ucf.npz` of TGANv2, `c3d_ucf101.flax` of MAGVIT, or a
                `.weights.h5` that this class saved. None looks into the folder of
                weights.
            mean: `mean2.npz` of TGANv2, for its weights alone; None looks beside them.
            **kwargs: of `C3D`.

        Returns:
            `C3D`.

        Raises:
            WeightsError: if there is no such file (the text says how to get one), or if
                it is damaged or holds another network.
        """
        model = cls(**kwargs)
        model.weights_name, model.weights_sha256 = c3d_weights.load(model, path, mean)
        return model

    def build(self, input_shape):
        # Pixels in [0, 1] times the scale, plus the offset, are what the network sees:
        # the two published files differ in both.
        self.pixel_scale = self.add_weight(
            (), "ones", "float32", trainable=False, name="pixel_scale"
        )
        self.pixel_offset = self.add_weight(
            (NUM_FRAMES, IMAGE_SIZE, IMAGE_SIZE, 3),
            "zeros",
            "float32",
            trainable=False,
            name="pixel_offset",
        )
        width = 3
        for name, factor in _WIDTHS.items():
            self.layers_by_name[name].build((None, None, None, None, width))
            width = factor * self.filters
        width *= 4 * 4
        for name in ("fc6", "fc7", "fc8"):
            self.layers_by_name[name].build((None, width))
            width = self.layers_by_name[name].units
        self.built = True

    def logits(self, video):
        """As a call, compiled once for every shape.

        Args:
            video: `(B, 16, H, W, 3)`, uint8 or float in [0, 1].

        Returns:
            float32 array `(B, 101)`.

        Raises:
            ValueError: on another shape, NaN, or values out of range.
        """
        return ops.convert_to_numpy(self._logits(inputs.as_video(video)))

    def _logits_of(self, video):
        return self(video)

    def call(self, video):
        video = inputs.as_video(video)
        _check_clip(video)
        net = ops.cast(self.pixels(video), self.compute_dtype)
        for name in _WIDTHS:
            net = self.layers_by_name[name](net)
            if name in _POOLS:
                net = ops.max_pool(net, _POOLS[name], _POOLS[name])
        # 7 x 7 becomes 4 x 4: what is left at the border is pooled by itself.
        net = ops.pad(net, ((0, 0), (0, 0), (0, 1), (0, 1), (0, 0)))
        net = ops.max_pool(net, 2, 2)
        net = ops.cast(ops.transpose(net, (0, 4, 1, 2, 3)), "float32")
        net = ops.reshape(net, (-1, net.shape[1] * 4 * 4))
        for name in ("fc6", "fc7", "fc8"):
            net = self.layers_by_name[name](net)
        return net

    def pixels(self, video):
        """`(B, 16, H, W, 3)` in [0, 1] to what the first convolution sees."""
        size = (IMAGE_SIZE, IMAGE_SIZE)
        video = resize_bilinear(ops.flip(video, axis=-1), size, "align_corners")
        return video * self.pixel_scale + self.pixel_offset

    def compute_output_shape(self, input_shape):
        return (input_shape[0], NUM_CLASSES)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "units": self.units}


def _check_clip(video):
    shape = tuple(video.shape)
    if shape[1] not in (None, NUM_FRAMES):
        raise ValueError(
            f"C3D sees clips of {NUM_FRAMES} frames, (batch, {NUM_FRAMES}, height, width, "
            f"3). Received: video.shape={shape}"
        )
