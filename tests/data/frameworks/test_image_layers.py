"""Image layers on clips: one draw for all frames, by the clip's own generator."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers

from keras_magvit.data import ClipDataset, MovingShapes
from keras_magvit.data.image_layers import ImageLayers, _apply, _run

RANGE = {"value_range": (0, 1)}
# Layers whose result on a frame depends on that frame alone.
EXACT = {
    "flip": lambda: layers.RandomFlip("horizontal"),
    "rotation": lambda: layers.RandomRotation(0.2),
    "zoom": lambda: layers.RandomZoom(0.3),
    "blur": lambda: layers.RandomGaussianBlur((1.0, 1.0), 3, (1.0, 1.0), **RANGE),
    "brightness": lambda: layers.RandomBrightness(0.4, **RANGE),
    "hue": lambda: layers.RandomHue(0.5, **RANGE),
    "erasing": lambda: layers.RandomErasing((1.0, 1.0), **RANGE),
}


@pytest.fixture
def video():
    return np.random.default_rng(0).random((3, 12, 12, 3), "float32")


@pytest.mark.parametrize("name", list(EXACT))
def test_folding_equals_the_same_draw_for_each_frame(name, video):
    layer = EXACT[name]()
    alone = np.stack([_run(layer, frame, 77) for frame in video])
    np.testing.assert_allclose(_apply(layer, video, 77), alone, atol=1e-6)
    assert not np.array_equal(alone, video) or name == "flip"


def test_contrast_turns_about_the_mean_of_the_clip(video):
    video[0] *= 0.5
    layer = layers.RandomContrast((0.5, 0.5), **RANGE)
    got = _apply(layer, video, 3)
    # Somewhere the result does not reach the ends of the range.
    slopes = np.diff(got[:, 0, :, 0]) / np.diff(video[:, 0, :, 0])
    factor = np.median(slopes)
    expected = video.mean((0, 1, 2)) + factor * (video - video.mean((0, 1, 2)))
    np.testing.assert_allclose(got, np.clip(expected, 0, 1), atol=1e-4)


@pytest.mark.filterwarnings(
    # Keras' own kernel of the histogram on PyTorch.
    "ignore:Tensor.T is deprecated:UserWarning"
)
def test_a_still_clip_stays_still_under_everything(video):
    still = np.repeat(video[:1], 4, axis=0)
    augment = ImageLayers(
        [
            layers.RandAugment(**RANGE),
            layers.RandomColorJitter(
                brightness_factor=0.3, hue_factor=0.3, saturation_factor=0.3, **RANGE
            ),
            layers.RandomTranslation(0.2, 0.2),
        ]
    )
    got = augment(still, np.random.default_rng(1))
    np.testing.assert_array_equal(got, np.repeat(got[:1], 4, axis=0))


def test_clips_are_functions_of_seed_and_number():
    augment = ImageLayers([layers.RandomRotation(0.3), layers.RandomHue(0.5, **RANGE)])
    source = MovingShapes(8, num_frames=4, size=(16, 16))

    def stream(augment):
        return ClipDataset(source, 2, size=(16, 16), augment=augment)

    one_by_one = [stream(augment).example(n)["video"] for n in range(6)]
    batch = next(stream(augment).batches(6, num_workers=3))["video"]
    np.testing.assert_array_equal(batch, one_by_one)
    in_tf_data = next(iter(stream(augment).as_tf(6)))["video"]
    np.testing.assert_array_equal(in_tf_data, one_by_one)
    copy = pickle.loads(pickle.dumps(stream(augment)))
    np.testing.assert_array_equal(copy.example(5)["video"], one_by_one[5])
    assert not np.allclose(one_by_one[0], stream(None).example(0)["video"])


def test_a_layer_of_ones_own(video):
    class Noise(keras.layers.Layer):
        """Adds noise, drawn for each pixel."""

        def __init__(self):
            super().__init__()
            self.generator = keras.random.SeedGenerator(1)

        def call(self, images, training=False):
            shape = keras.ops.shape(images)
            return images + keras.random.uniform(shape, seed=self.generator) / 10

    noise = ImageLayers(Noise())(video, np.random.default_rng(0)) - video
    np.testing.assert_allclose(noise, np.repeat(noise[:1], 3, axis=0), atol=1e-6)
    assert noise.std() > 0.02


@pytest.mark.parametrize(
    "layer, reason",
    [
        (lambda: layers.MixUp(), "every image for itself"),
        (lambda: layers.AugMix(**RANGE), "draw by their seed"),
        (lambda: layers.RandomHue(0.1), r"value_range=\(0, 1\).*\(0, 255\)"),
        (lambda: 3, "must be Keras layers. Received: layer=3"),
    ],
    ids=["mix-up", "aug-mix", "range", "no layer"],
)
def test_refusals(layer, reason):
    with pytest.raises(ValueError, match=reason):
        ImageLayers([layer()])


def test_keras_cv(video):
    keras_cv = pytest.importorskip("keras_cv", reason="the extra `cv` is not installed")
    if keras.config.backend() != "tensorflow":
        pytest.skip("keras-cv draws and maps by TensorFlow")
    still = np.repeat(video[:1], 3, axis=0)
    augment = ImageLayers(
        [keras_cv.layers.RandomShear(0.3, 0.3), keras_cv.layers.RandomHue(0.5, **RANGE)]
    )
    first, second = (augment(still, np.random.default_rng(i)) for i in (1, 2))
    np.testing.assert_allclose(first, np.repeat(first[:1], 3, axis=0), atol=1e-6)
    np.testing.assert_array_equal(first, augment(still, np.random.default_rng(1)))
    assert not np.allclose(first, second)
