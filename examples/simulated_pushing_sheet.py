"""Draws the two contact sheets of docs/simulated_pushing.md.

    python examples/simulated_pushing_sheet.py docs/images

Needs `pip install "keras-magvit[sim]"`, no prepared dataset, and a few seconds.
"""

import sys
from pathlib import Path

import numpy as np

from keras_magvit.data.simulation import CONFIGS, MOTIONS, simulate
from keras_magvit.io import contact_sheet


def main(folder):
    motions = {
        motion.replace("_", " "): simulate(0, "validation", "fixed", label).video
        for label, motion in enumerate(MOTIONS)
    }
    contact_sheet(
        motions,
        columns=10,
        path=folder / "simulated_pushing.png",
        scale=1,
        overwrite=True,
    )
    first_frames = {
        config: np.stack(
            [simulate(0, "validation", config, i).video[0] for i in range(8, 18)]
        )
        for config in CONFIGS
    }
    contact_sheet(
        first_frames,
        columns=10,
        path=folder / "simulated_pushing_first_frames.png",
        scale=1,
        overwrite=True,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
