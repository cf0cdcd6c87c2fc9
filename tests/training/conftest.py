"""Two tiny players, and a frozen network that compares frames."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit import backend
from keras_magvit.recipes import TokenizerRecipe
from keras_magvit.training.perceptual import PerceptualLoss
from tests.conftest import use_features_as_codebook

SHAPE = (4, 8, 8)
TOKENIZER = {
    "filters": 32,
    "channel_multipliers": (1, 1),
    "temporal_downsample": (True,),
    "embedding_dim": 8,
    "codebook_size": 16,
    "num_res_blocks": 1,
    "video_shape": SHAPE,
}
# Every term at work, the averages quick to move.
FULL = TokenizerRecipe(
    perceptual=None,  # the tests bring their own
    perceptual_weight=0.5,
    r1_cost=3.0,
    lecam_weight=0.2,
    average_decay=0.9,
    learning_rate=1e-3,
    batch_size=2,
)


def to_numpy(variables):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def compiled_step(trainer):
    """`losses_and_gradients` as one program where op by op would be slow."""
    if keras.config.backend() == "jax":
        return backend.compile_inference(trainer.losses_and_gradients, trainer)
    return trainer.losses_and_gradients


def frame_network():
    """A small network of random weights, the same on every backend."""
    convolution = keras.layers.Conv2D(4, 3, strides=2, activation="swish")
    network = keras.Sequential([keras.Input((None, None, 3)), convolution])
    rng = np.random.default_rng(5)
    network.set_weights([rng.normal(size=w.shape) for w in network.get_weights()])
    return network


@pytest.fixture(scope="session")
def new_trainer():
    """Builds a trainer of two players with random weights, not compiled."""

    def build(recipe=FULL, seed=0, perceptual=True, **kwargs):
        keras.utils.set_random_seed(seed)
        tokenizer = km.VideoTokenizer(**{**TOKENIZER, **kwargs})
        use_features_as_codebook(tokenizer, seed)
        discriminator = km.VideoDiscriminator(4, (2,), video_shape=SHAPE)
        loss = PerceptualLoss(frame_network()) if perceptual else None
        return km.VideoTokenizerTrainer(tokenizer, discriminator, recipe, loss)

    return build


@pytest.fixture(scope="session")
def videos():
    """Random clips `(B, 4, 8, 8, 3)` in [0, 1]."""

    def make(count=2, seed=1):
        return np.random.default_rng(seed).random((count, *SHAPE, 3), "float32")

    return make
