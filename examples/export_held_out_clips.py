"""Writes the few held-out clips that the examples show, from a prepared dataset.

    keras-magvit data prepare simulated_pushing
    python examples/export_held_out_clips.py        # examples/clips/simulated_pushing.npz

The first sixteen frames of the first ten videos of the validation split, bit for bit: no
training reads that split.
"""

import argparse
import os

import numpy as np

from keras_magvit.data import registry
from keras_magvit.io.atomic import write_file

NUM_CLIPS, NUM_FRAMES = 10, 16
PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clips")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", help="where prepared datasets lie")
    parser.add_argument("--out", default=os.path.join(PLACE, "simulated_pushing.npz"))
    arguments = parser.parse_args()
    source = registry.open_source("simulated_pushing", "validation", arguments.data_dir)
    video = np.stack([source.frames(i, range(NUM_FRAMES)) for i in range(NUM_CLIPS)])
    label = np.array([source.label(i) for i in range(NUM_CLIPS)], "uint8")

    def save(path):
        with open(path, "wb") as file:
            np.savez_compressed(file, video=video, label=label)

    write_file(arguments.out, save, overwrite=True)
    size = os.path.getsize(arguments.out) / 1000
    print(f"wrote {arguments.out}: {NUM_CLIPS} clips, {size:.0f} kB")


if __name__ == "__main__":
    main()
