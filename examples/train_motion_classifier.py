"""Trains the classifier that reads the motion of simulated pushing, and measures it.

    keras-magvit data prepare simulated_pushing
    python examples/train_motion_classifier.py              # about 3 minutes of CPU time

The weights go where `MotionClassifier.from_weights()` looks; `--out` writes them
elsewhere. Measured is what the protocol measures: the first 16 frames of the held-out
videos.
"""

import argparse
import json
import os
import tempfile

import keras
import numpy as np

import keras_magvit as km
from keras_magvit.data import registry
from keras_magvit.networks.motion_classifier import (
    IMAGE_SIZE,
    NUM_FRAMES,
    WEIGHTS,
    MotionClassifier,
    motion_network,
)
from keras_magvit.presets.narrowing import narrow

DATASET = "simulated_pushing"
LATEST_START = 4  # windows begin at most so late: the motion has hardly begun
SHIFT = 2  # pixels by which a clip may be moved, of 32


def read_videos(data_dir, num_videos):
    """Beginnings of the training videos, uint8 `(N, 20, 32, 32, 3)`, and labels."""
    source = registry.open_source(DATASET, "train", data_dir, num_videos=num_videos)
    videos, labels = [], []
    for index in range(len(source)):
        frames = source.frames(index, range(NUM_FRAMES + LATEST_START))
        times = frames.shape[1] // IMAGE_SIZE
        shape = (len(frames), IMAGE_SIZE, times, IMAGE_SIZE, times, 3)
        videos.append(frames.reshape(shape).mean(axis=(2, 4)).round().astype("uint8"))
        labels.append(source.label(index))
    return np.stack(videos), np.array(labels, "int32")


class Windows(keras.utils.PyDataset):
    """Batches of windows at a random time, moved by a few pixels.

    Never mirrored: left and right are classes.
    """

    def __init__(self, videos, labels, batch_size, seed):
        super().__init__()
        self.videos, self.labels = videos, labels
        self.batch_size = batch_size
        self.generator = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self):
        return len(self.videos) // self.batch_size

    def on_epoch_end(self):
        self.order = self.generator.permutation(len(self.videos))

    def __getitem__(self, step):
        chosen = self.order[step * self.batch_size :][: self.batch_size]
        clips = np.stack([self.window(self.videos[i]) for i in chosen])
        return clips.astype("float32") / 255, self.labels[chosen]

    def window(self, video):
        draw = self.generator.integers
        start = draw(LATEST_START + 1)
        top, left = draw(2 * SHIFT + 1, size=2)
        margins = ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0))
        wide = np.pad(video[start : start + NUM_FRAMES], margins, mode="edge")
        return wide[:, top : top + IMAGE_SIZE, left : left + IMAGE_SIZE]


def train(videos, labels, epochs, batch_size, seed):
    """The trained network."""
    keras.utils.set_random_seed(seed)
    network = motion_network(dropout=0.3, dtype="mixed_bfloat16")
    batches = Windows(videos, labels, batch_size, seed)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * len(batches))
    network.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # XLA's convolutions are slow on CPUs, and JAX has no others.
        jit_compile="auto" if keras.backend.backend() == "jax" else False,
    )
    network.fit(batches, epochs=epochs, verbose=2)
    bare = motion_network(dtype="float32")  # without the optimizer
    bare.set_weights(network.get_weights())
    return bare


def measure(classifier, data_dir):
    """Counts of (true, read) labels of the held-out videos, `(8, 8)`."""
    clips = km.data.clips(
        DATASET, "validation", NUM_FRAMES, (64, 64), data_dir=data_dir
    )
    counts = np.zeros((8, 8), int)
    for batch in clips.batches(32):
        read = classifier.classes(batch["video"])
        np.add.at(counts, (batch["label"], read), 1)
    return counts


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", help="where prepared datasets lie")
    parser.add_argument("--num-videos", type=int, help="training videos; default all")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default=WEIGHTS, help="a .weights.h5 file")
    arguments = parser.parse_args()
    videos, labels = read_videos(arguments.data_dir, arguments.num_videos)
    print(f"{len(videos)} training videos", flush=True)
    network = train(
        videos, labels, arguments.epochs, arguments.batch_size, arguments.seed
    )
    folder = os.path.dirname(os.path.abspath(arguments.out))
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        path = os.path.join(aside, "new.weights.h5")
        network.save_weights(path)
        narrow(path)
        counts = measure(MotionClassifier.from_weights(path), arguments.data_dir)
        os.replace(path, arguments.out)
    right, total = int(np.trace(counts)), int(counts.sum())
    for name, row in zip(MotionClassifier.class_names, counts, strict=True):
        print(f"{name:22}", *(f"{n:4}" for n in row))
    result = {"right": right, "held_out": total, "accuracy": right / total}
    print(json.dumps(result))
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
