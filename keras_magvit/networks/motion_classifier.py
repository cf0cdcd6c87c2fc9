"""The classifier of simulated pushing: which of its eight motions a clip shows.

    16 x 32 x 32 x 3 -> [3x5x5, 3x3x3, 3x3x3 convolutions /2, relu] -> 8 logits

`examples/train_motion_classifier.py` trains it on real clips, in minutes of a CPU.
"""

import os

import keras
from keras import ops

from keras_magvit import backend, inputs
from keras_magvit.networks.preparation import freeze, load_keras
from keras_magvit.networks.resizing import resize_bilinear
from keras_magvit.networks.weights import sha256

NUM_FRAMES, IMAGE_SIZE, NUM_CLASSES = 16, 32, 8
WEIGHTS = os.path.join(os.path.dirname(__file__), "motion_classifier.weights.h5")

# (width, kernel, stride) of each convolution.
_CONVOLUTIONS = (
    (12, (3, 5, 5), (1, 2, 2)),
    (24, (3, 3, 3), (2, 2, 2)),
    (48, (3, 3, 3), (2, 2, 2)),
)


def motion_network(dropout=0.0, dtype=None):
    """The network with random weights, for training.

    Args:
        dropout: rate in front of the last layer.
        dtype: a policy such as "mixed_bfloat16"; None takes Keras' own.

    Returns:
        `keras.Model` from float clips `(B, 16, 32, 32, 3)` in [0, 1] to logits `(B, 8)`.
    """
    shape = (NUM_FRAMES, IMAGE_SIZE, IMAGE_SIZE, 3)
    clips = keras.Input(shape, dtype="float32", name="clips")
    net = keras.layers.Rescaling(4.0, -2.0, dtype=dtype, name="centre")(clips)
    for place, (width, kernel, strides) in enumerate(_CONVOLUTIONS):
        net = keras.layers.Conv3D(
            width,
            kernel,
            strides,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            dtype=dtype,
            name=f"conv_{place}",
        )(net)
    # Where something moves tells the motion: places are kept.
    net = keras.layers.Flatten(dtype=dtype, name="places")(net)
    net = keras.layers.Dropout(dropout, dtype=dtype, name="dropout")(net)
    logits = keras.layers.Dense(NUM_CLASSES, dtype="float32", name="logits")(net)
    return keras.Model(clips, logits, name="motion_classifier")


class MotionClassifier:
    """Reads which motion a clip of simulated pushing shows; for measuring only.

    Args:
        network: as `motion_network` makes it.
        weights_sha256: of the file that its weights came from.

    Attributes:
        name: what reports call it.
        class_names: the motions, by label.

    Example:
        >>> classifier = MotionClassifier.from_weights()
        >>> classes = classifier.classes(videos)    # (B, 16, H, W, 3) -> (B,)
    """

    name = "motion_classifier"
    class_names = (
        *("push_left", "push_right", "push_away", "push_towards"),
        *("circle_clockwise", "circle_anticlockwise", "sweep", "lift"),
    )

    def __init__(self, network, weights_sha256=None):
        self.network = freeze(network)
        self.weights_sha256 = weights_sha256
        self._logits = backend.compile_inference(self._logits_of, network)

    @classmethod
    def from_weights(cls, path=None):
        """The classifier with trained weights.

        Args:
            path: a file that the training wrote; None takes the one of this package.

        Raises:
            WeightsError: if there is no such file, or it holds another network.
        """
        path = WEIGHTS if path is None else path
        network = motion_network(dtype="float32")
        load_keras(network, path)
        return cls(network, sha256(path))

    def logits(self, video):
        """What the clips show, compiled once for every shape.

        Args:
            video: `(B, 16, H, W, 3)`, uint8 or float in [0, 1].

        Returns:
            float32 array `(B, 8)`.

        Raises:
            ValueError: on another shape, NaN, or values out of range.
        """
        video = inputs.as_video(video)
        shape = tuple(video.shape)
        if shape[1] != NUM_FRAMES:
            raise ValueError(
                f"Motions are read from clips of {NUM_FRAMES} frames. "
                f"Received: video.shape={shape}"
            )
        return ops.convert_to_numpy(self._logits(video))

    def classes(self, video):
        """The likeliest label of each clip, int `(B,)`; see `logits`."""
        return self.logits(video).argmax(axis=-1)

    def _logits_of(self, video):
        size = (IMAGE_SIZE, IMAGE_SIZE)
        # Of frames twice as large this is the mean of 2 x 2 pixels.
        return self.network(resize_bilinear(video, size, "half_pixel"))
