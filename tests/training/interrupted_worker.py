"""Training processes, to be killed: used by `test_interruption.py`.

python -m tests.training.interrupted_worker

Imports once, and forks a process for every line `STAGE FOLDER [FOLDER ...]` that it
reads. That one prints its id, trains in each folder from wherever it stands, prints every
step, and at the end writes all that a training carries into `FOLDER/end.npz`. Then this
one prints how it ended, as `subprocess` would say.
"""

import multiprocessing
import os
import sys
from pathlib import Path

import keras
import numpy as np

import keras_magvit as km
from keras_magvit.fitting.sources import ArrayDataset
from keras_magvit.recipes import TokenizerRecipe, TransformerRecipe
from keras_magvit.training import train

STEPS, STEPS_PER_EPOCH, SAVE_EVERY = 11, 4, 3
BATCH = 2


def _deterministic():
    keras.utils.set_random_seed(0)
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif keras.config.backend() == "torch":
        import torch

        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(1)


def tokenizer(**changes):
    return km.VideoTokenizer(32, (1,), (), 8, 16, 1, video_shape=(4, 8, 8), **changes)


def stage_1():
    recipe = TokenizerRecipe(
        perceptual=None, lecam_weight=0.1, restart_after=2, learning_rate=1e-3
    )
    discriminator = km.VideoDiscriminator(4, (2,), video_shape=(4, 8, 8))
    trainer = km.VideoTokenizerTrainer(tokenizer(), discriminator, recipe)
    trainer.compile(steps=STEPS, warmup_steps=2, seed=1)
    videos = np.random.default_rng(0).random((6, 4, 8, 8, 3), "float32")
    return trainer, {"video": videos}


def stage_2():
    transformer = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
    tasks = ("frame_prediction", "class_generation")
    model = km.MAGVIT(tokenizer(), transformer, num_classes=3, tasks=tasks)
    recipe = TransformerRecipe(learning_rate=1e-2, class_dropout=0.1)
    model.compile(recipe=recipe, steps=STEPS, warmup_steps=2, seed=1)
    ids = np.random.default_rng(0).integers(0, 16, (6, *model.latent_shape))
    cond_ids = {"frame_prediction": ids[::-1]}
    return model, {"ids": ids, "cond_ids": cond_ids, "label": np.arange(6) % 3}


class PrintSteps(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("step", flush=True)


def state_of(model):
    """Everything but metrics: weights, averages, optimizers, counters and seeds."""
    metrics = {id(v) for v in model.metrics_variables}
    return [
        np.asarray(keras.ops.convert_to_numpy(v))
        for v in [*model.variables, *model.optimizer.variables]
        if id(v) not in metrics
    ]


def train_in(stage, *folders):
    print(os.getpid(), flush=True)
    _deterministic()
    for folder in folders:
        keras.utils.set_random_seed(0)
        model, arrays = {"1": stage_1, "2": stage_2}[stage]()
        dataset = ArrayDataset(arrays, seed=5)
        train(
            model,
            lambda step, data=dataset: data.batches(BATCH, start=step * BATCH),
            steps=STEPS,
            folder=folder,
            steps_per_epoch=STEPS_PER_EPOCH,
            save_every_steps=SAVE_EVERY,
            save_every_seconds=None,
            callbacks=[PrintSteps()],
            verbose=0,
        )
        state = {f"v{i}": array for i, array in enumerate(state_of(model))}
        np.savez(Path(folder) / "end.npz", **state)


def main():
    # The frameworks start their threads with the first operation, after the fork.
    context = multiprocessing.get_context("fork")
    for line in sys.stdin:
        process = context.Process(target=train_in, args=line.split())
        process.start()
        process.join()
        print(f"ended {process.exitcode}", flush=True)


if __name__ == "__main__":
    main()
