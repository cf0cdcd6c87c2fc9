"""The same stream as tf.data, grain and Keras, on every backend, and through `fit`."""

import itertools

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.data import ClipDataset, MovingShapes
from keras_magvit.io import VideoFileError
from keras_magvit.recipes import transformer
from tests.data.videos import CountedVideos


def clips(training=True, **kwargs):
    source = MovingShapes(10, num_frames=6, size=(16, 16), labels="shape")
    return ClipDataset(source, 4, size=(16, 16), training=training, flip=True, **kwargs)


def expected(stream, numbers):
    examples = [stream.example(n) for n in numbers]
    return {k: np.stack([e[k] for e in examples]) for k in ("video", "label")}


def assert_batches(batches, stream, starts, size=4):
    for batch, start in zip(batches, starts, strict=True):
        end = start + size if stream.training else min(start + size, len(stream))
        wanted = expected(stream, range(start, end))
        for name in wanted:
            got = keras.ops.convert_to_numpy(batch[name])
            assert got.dtype == wanted[name].dtype
            assert np.array_equal(got, wanted[name])


def take(dataset, count):
    return list(itertools.islice(iter(dataset), count))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("form", ["as_tf", "as_grain", "as_keras"])
def test_every_form_gives_the_same_batches(form, training):
    stream = clips(training)
    for start, workers in ((0, 0), (3, 2)):
        dataset = getattr(stream, form)(4, start=start, num_workers=workers)
        starts = range(start, 16 if training else 10, 4)
        if form == "as_keras":
            found = [dataset[i] for i in range(len(starts))]
        else:
            found = take(dataset, len(starts))
        assert_batches(found, stream, starts)


def test_tf_data_has_static_shapes_and_an_end():
    import tensorflow as tf

    spec = clips().as_tf(4).element_spec
    assert spec["video"].shape == (4, 4, 16, 16, 3) and spec["label"].shape == (4,)
    assert spec["video"].dtype == tf.float32 and spec["label"].dtype == tf.int32
    infinite = tf.data.INFINITE_CARDINALITY
    assert int(tf.data.experimental.cardinality(clips().as_tf(4))) == infinite
    fixed = clips(False).as_tf(4)
    assert [len(b["label"]) for b in fixed] == [4, 4, 2]
    assert fixed.element_spec["video"].shape.as_list() == [None, 4, 16, 16, 3]
    whole = clips(False).as_tf(4, drop_remainder=True)
    assert [len(b["label"]) for b in whole] == [4, 4]


class Unreadable(CountedVideos):
    """Every third video cannot be read."""

    def info(self, index):
        if index % 3 == 0:
            raise VideoFileError("Broken.", self.key(index))
        return super().info(index)


def test_unreadable_clips_in_every_form():
    stream = ClipDataset(Unreadable([9] * 7), 4, size=(8, 8), training=False)

    def indices(batches):
        videos = [keras.ops.convert_to_numpy(b["video"]) for b in batches]
        return [round(255 * float(v[0, 0, 0, 0])) for video in videos for v in video]

    assert indices(stream.as_tf(2)) == [1, 2, 4, 5]
    assert indices(stream.as_grain(2)) == [1, 2, 4, 5]
    keras_batches = stream.as_keras(2)
    assert keras_batches.num_batches == 4
    assert indices(keras_batches[i] for i in range(4)) == [1, 1, 2, 4, 4, 5, 1]


class Brightness(keras.Model):
    """Learns the mean brightness of clips, as a model of one's own would."""

    def __init__(self):
        super().__init__()
        # Zeros are far from the mean, so that there is something to learn.
        self.head = keras.layers.Dense(1, kernel_initializer="zeros")

    def call(self, batch):
        return self.head(keras.ops.mean(batch["video"], axis=(1, 2, 3)))

    def compute_loss(self, x=None, y=None, y_pred=None, *args, **kwargs):
        return keras.ops.mean((y_pred[:, 0] - keras.ops.mean(x["video"])) ** 2)


@pytest.mark.parametrize("form", ["as_tf", "as_keras"])
def test_any_keras_model_fits(form):
    model = Brightness()
    model.compile(keras.optimizers.SGD(0.1))
    data = getattr(clips(), form)(2)
    losses = model.fit(
        data, steps_per_epoch=8, epochs=2, shuffle=False, verbose=0
    ).history["loss"]
    assert losses[1] < losses[0]


@pytest.mark.heavy
def test_both_stages_fit_a_clip_dataset(tiny_model, tiny_tokenizer):
    model = tiny_model()
    model.compile(recipe=transformer("tiny"))
    discriminator = km.VideoDiscriminator(4, (2,), video_shape=(4, 16, 16))
    recipe = km.recipes.tokenizer("paper").replace(perceptual=None, batch_size=2)
    tokenizer = tiny_tokenizer(num_res_blocks=0)
    trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, recipe)
    trainer.compile(steps=4)
    for stage in (model, trainer):
        history = stage.fit(clips(), batch_size=2, steps_per_epoch=1, verbose=0).history
        assert all(np.isfinite(values).all() for values in history.values())
