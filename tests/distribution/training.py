"""Both stages at the smallest size, for processes that train on several devices."""

import keras
import numpy as np

import keras_magvit as km
from keras_magvit import recipes
from tests.conftest import use_features_as_codebook

VIDEO = (2, 8, 8)
TOKENIZER = {
    "filters": 8,
    "channel_multipliers": (1, 2),
    "temporal_downsample": (True,),
    "embedding_dim": 4,
    "codebook_size": 16,
    "num_res_blocks": 1,
    "video_shape": VIDEO,
}
TRANSFORMER = {"num_layers": 1, "num_heads": 4, "hidden_dim": 32, "mlp_dim": 64}
# Clipping bites at this norm, and dropout draws: both must see the whole batch.
RECIPE = recipes.transformer("tiny").replace(clip_norm=0.05, learning_rate=3e-4)
BATCH = 8


def tokenizer():
    keras.utils.set_random_seed(0)
    made = km.VideoTokenizer(**TOKENIZER)
    use_features_as_codebook(made, 0)
    return made


def stage_1(**changes):
    """A compiled trainer, with every term of the loss but the perceptual one."""
    generator = tokenizer()
    discriminator = km.VideoDiscriminator(8, (2,), VIDEO)
    recipe = recipes.tokenizer("paper").replace(perceptual=None, **changes)
    trainer = km.VideoTokenizerTrainer(generator, discriminator, recipe)
    # Adam begins with the sign of each gradient: a warm-up spares what is noise.
    trainer.compile(warmup_steps=20)
    return trainer


def stage_2(dropout=0.1, **options):
    """A compiled model of two tasks and three classes."""
    model = km.MAGVIT(
        tokenizer(),
        {**TRANSFORMER, "dropout": dropout, "attention_dropout": dropout},
        num_classes=3,
        tasks=("frame_prediction", "class_generation"),
    )
    model.compile(recipe=RECIPE, **options)
    return model


def clips(count=16):
    rng = np.random.default_rng(0)
    return {
        "video": rng.random((count, *VIDEO, 3), "float32"),
        "label": np.arange(count) % 3,
    }


class Logs(keras.callbacks.Callback):
    """Keeps what every step logs: `{name: [value of each step]}`."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def on_train_batch_end(self, batch, logs=None):
        for name, value in logs.items():
            self.seen.setdefault(name, []).append(float(value))


def train(model, steps=10, data=None, batch_size=BATCH):
    """Fits for some steps; returns what they logged."""
    logs = Logs()
    model.fit(
        clips() if data is None else data,
        batch_size=batch_size,
        steps_per_epoch=steps,
        callbacks=[logs],
        verbose=0,
    )
    return logs.seen
