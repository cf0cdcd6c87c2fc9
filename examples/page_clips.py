"""Writes the clips of simulated pushing that the page offers, one of each motion.

    python examples/page_clips.py

From examples/clips/simulated_pushing.npz, which no training reads.
"""

from pathlib import Path

import numpy as np

from keras_magvit.data.simulation import FRAME_RATE, MOTIONS
from keras_magvit.io import write_video

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "keras_magvit" / "page" / "clips"


def main():
    held_out = np.load(HERE / "clips" / "simulated_pushing.npz")
    FOLDER.mkdir(exist_ok=True)
    for label, motion in enumerate(MOTIONS):
        clip = held_out["video"][list(held_out["label"]).index(label)]
        path = FOLDER / f"pushing_{motion}.mp4"
        write_video(path, clip, FRAME_RATE, overwrite=True, quality=90)


if __name__ == "__main__":
    main()
