"""FVD inside `evaluate` and in a callback."""

import keras
import numpy as np
import pytest

from keras_magvit.metrics import I3D, FrechetVideoDistance, frechet_distance
from keras_magvit.networks.i3d import NUM_CLASSES


class Views(keras.layers.Layer):
    """Stands for I3D where it is not what is tested: random views of a video."""

    weights_name, weights_sha256, resize_grid = "random views", "ab" * 32, "tf1"

    def build(self, shape):
        rng = np.random.default_rng(0)
        self.kernel = self.add_weight((np.prod(shape[1:]), NUM_CLASSES))
        self.kernel.assign(rng.normal(size=self.kernel.shape))

    def call(self, video):
        return keras.ops.reshape(video, (-1, self.kernel.shape[0])) @ self.kernel


class Darker(keras.Model):
    """The model that is measured."""

    def __init__(self):
        super().__init__()
        self.factor = self.add_weight(initializer=keras.initializers.Constant(0.7))

    def call(self, video):
        return keras.ops.multiply(self.factor, video)


@pytest.fixture(scope="module")
def network():
    views = Views()
    views.build((None, 9, 4, 4, 3))
    return views


@pytest.fixture(scope="module")
def videos():
    return np.random.default_rng(1).random((14, 9, 4, 4, 3), "float32")


def _distance(network, real, fake):
    return frechet_distance(
        *(keras.ops.convert_to_numpy(network(x)) for x in (real, fake))
    )


def test_in_evaluate(network, videos, close):
    """Compiled steps, a last batch that is smaller, and twice in a row."""
    metric = FrechetVideoDistance(network, num_videos=20)
    model = Darker()
    model.compile(loss="mse", metrics=[metric])
    for _ in range(2):
        logs = model.evaluate(videos, videos, batch_size=5, verbose=0, return_dict=True)
        close(logs["fvd"], _distance(network, videos, videos * np.float32(0.7)))
    report = metric.report()
    assert (report.num_real, report.num_fake, report.num_frames) == (14, 14, 9)
    assert report.weights_sha256 == network.weights_sha256


def test_in_a_callback(network, videos, close):
    class Measure(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            metric = FrechetVideoDistance(network, num_videos=20)
            metric.update_state(videos, self.model(videos))
            logs["fvd"] = float(metric.result())

    model = Darker()
    model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=False)
    history = model.fit(
        videos, videos, batch_size=14, epochs=1, verbose=0, callbacks=[Measure()]
    )
    expected = _distance(network, videos, videos * np.float32(0.7))
    close(history.history["fvd"], [expected])


def test_the_first_videos_are_measured(network, videos, close):
    """N is part of the protocol: what comes after the N first is left out."""
    metric = FrechetVideoDistance(network, num_videos=6)
    assert np.isnan(float(metric.result()))
    fake = videos[::-1].copy()
    for start in range(0, 12, 4):
        metric.update_state(videos[start : start + 4], fake[start : start + 4])
    close(metric.result(), _distance(network, videos[:6], fake[:6]))
    metric.reset_state()
    assert np.isnan(float(metric.result()))
    with pytest.raises(ValueError, match="at least 2|Received"):
        metric.report()
    metric.update_state((videos * 255).astype("uint8"), videos[:3])
    assert metric.report().num_real == 6 and metric.report().num_fake == 3


def test_bad_input_is_named(network, videos):
    metric = FrechetVideoDistance(network, num_videos=6)
    with pytest.raises(ValueError, match="at least 9 frames"):
        metric.update_state(videos[:, :8], videos[:, :8])
    with pytest.raises(ValueError, match="divide 0..255 by 255"):
        metric.update_state(videos, videos * 255)
    with pytest.raises(ValueError, match="same number of frames"):
        metric.update_state(videos, np.concatenate([videos, videos], 1))
    with pytest.raises(ValueError, match="knows no weights of samples"):
        metric.update_state(videos, videos, np.ones(14))
    with pytest.raises(ValueError, match="Received: num_videos=1"):
        FrechetVideoDistance(network, num_videos=1)
    metric.update_state(videos, videos)
    wider = np.concatenate([videos, videos], axis=3)
    with pytest.raises(ValueError, match="without a `reset_state`"):
        metric.update_state(wider, wider)
    with pytest.raises(ValueError, match="has no trained weights"):
        FrechetVideoDistance(I3D(), num_videos=2)
