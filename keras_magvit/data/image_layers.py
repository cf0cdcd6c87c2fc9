"""Image augmentation layers of Keras and keras-cv on whole clips."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

# How the frames of a clip become one image, by the class of the layer.
#
# Layers that move pixels, or filter each channel for itself, take the clip as one image
# of T * C channels. Layers that change colours take it as one image of T * H rows:
# they need three channels, and what they measure (a mean, a histogram) is the clip's.
_INTO_CHANNELS = frozenset(
    (
        *("RandomFlip", "RandomTranslation", "RandomRotation", "RandomZoom"),
        *("RandomShear", "RandomPerspective", "RandomElasticTransform"),
        *("RandomGaussianBlur", "RandomSharpness"),
    )
)
_INTO_ROWS = frozenset(
    (
        *("RandomBrightness", "RandomContrast", "RandomSaturation", "RandomHue"),
        *("RandomGrayscale", "RandomInvert", "RandomPosterization", "Solarization"),
        *("RandomColorJitter", "RandomColorDegeneration", "AutoContrast"),
        "Equalization",
    )
)

# Layers that mix examples of a batch, or draw where no seed reaches.
_REFUSED = frozenset(("MixUp", "CutMix", "FourierMix", "Mosaic", "AugMix"))

_UNIT = (0, 1)


class ImageLayers:
    """Runs image layers on clips, with one draw for all frames of a clip.

    The result is a function of the clip's own generator, whatever the number of
    workers, so it serves as `augment` of a `ClipDataset`.

    Keras' layers that move or filter pixels (flip, translation, rotation, zoom, shear,
    perspective, elastic transform, blur, sharpness) see the frames folded into the
    channels; its colour layers see them folded into the rows, so that contrast turns
    about the mean of the clip. Any other layer, of Keras, keras-cv or your own, is run
    on one frame after another, with its seeds set back before each.

    Args:
        layers: one layer or several, applied in turn; each takes `(B, H, W, 3)` and
            keeps the shape. Layers with a `value_range` need (0, 1).

    Raises:
        ValueError: for a layer that mixes examples, that draws where no seed reaches
            (AugMix), or that has another range.

    Example:
        >>> import keras
        >>> augment = ImageLayers(
        ...     [
        ...         keras.layers.RandomRotation(0.05),
        ...         keras.layers.RandomContrast(0.3, value_range=(0, 1)),
        ...     ]
        ... )
        >>> dataset = ClipDataset(MovingShapes(10), augment=augment)
        >>> dataset.example(0)["video"].shape
        (16, 64, 64, 3)
    """

    def __init__(self, layers: Any) -> None:
        self.layers = list(layers) if isinstance(layers, Sequence) else [layers]
        for layer in self.layers:
            _check(layer)
        # Seeds are state of the layers, and threads share them.
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        import keras

        configs = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return _restore, (configs,)

    def __call__(self, video: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Augments one clip.

        Args:
            video: float32 `(T, H, W, 3)` in [0, 1].
            generator: decides all draws.

        Returns:
            float32, of the same shape where every layer keeps it.
        """
        import keras

        with self._lock, keras.device("cpu"):
            for layer in self.layers:
                video = _apply(layer, video, int(generator.integers(1, 2**31)))
        return video


def _restore(configs: list[dict[str, Any]]) -> ImageLayers:
    import keras

    return ImageLayers([keras.saving.deserialize_keras_object(c) for c in configs])


def _apply(layer: Any, video: np.ndarray, seed: int) -> np.ndarray:
    frames, height, width, channels = video.shape
    name, of_keras = type(layer).__name__, type(layer).__module__.startswith("keras.")
    if of_keras and name in _INTO_CHANNELS:
        image = video.transpose(1, 2, 0, 3).reshape(height, width, frames * channels)
        image = _run(layer, image, seed)
        return image.reshape(*image.shape[:2], frames, channels).transpose(2, 0, 1, 3)
    if of_keras and name in _INTO_ROWS:
        image = _run(layer, video.reshape(frames * height, width, channels), seed)
        return image.reshape(video.shape)
    return np.stack([_run(layer, frame, seed) for frame in video])


def _run(layer: Any, image: np.ndarray, seed: int) -> np.ndarray:
    import keras

    _set_seeds(layer, seed)
    result = layer(keras.ops.convert_to_tensor(image[None], "float32"), training=True)
    return np.asarray(keras.ops.convert_to_numpy(result)[0], np.float32)


def _set_seeds(layer: Any, seed: int) -> None:
    """Sets every generator in a layer and in the layers inside it."""
    import keras

    draws_by_tensorflow = False
    for number, inner in enumerate(_inner_layers(layer)):
        for held in vars(inner).values():
            if isinstance(held, keras.random.SeedGenerator):
                held.state.assign(np.array([seed, number], np.uint32))
            elif hasattr(held, "reset_from_seed"):  # tf.random.Generator
                held.reset_from_seed(seed + number)
                draws_by_tensorflow = True
    if draws_by_tensorflow:
        # The factors of keras-cv come from TensorFlow's global generator.
        import tensorflow as tf

        tf.random.set_seed(seed)


def _inner_layers(layer: Any) -> Iterator[Any]:
    """A layer and all layers inside it, found as attributes or in lists of them."""
    import keras

    seen: set[int] = set()
    waiting = [layer]
    while waiting:
        found = waiting.pop()
        if isinstance(found, (list, tuple)):
            waiting += found
        elif isinstance(found, keras.layers.Layer) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [v for v in vars(found).values() if v is not layer]


def _check(layer: Any) -> None:
    if not callable(layer):
        raise ValueError(f"layers must be Keras layers. Received: layer={layer!r}")
    for inner in _inner_layers(layer):
        name = type(inner).__name__
        if name in _REFUSED:
            raise ValueError(
                "layers must treat every image for itself, and draw by their seed. "
                f"Received: layer={name}"
            )
        # A layer with a range of its own brings images to that of the layers inside.
        hidden = inner is not layer and hasattr(layer, "value_range")
        value_range = _UNIT if hidden else getattr(inner, "value_range", _UNIT)
        if tuple(value_range) != _UNIT:
            raise ValueError(
                f"layers must have value_range=(0, 1), as clips do. Received: {name} "
                f"with value_range={tuple(value_range)}"
            )
