"""Does the Fréchet video distance notice what it must?

    python -m benchmarks.fvd_sensitivity
    python -m benchmarks.fvd_sensitivity --stored "FOLDER/*.npz" --dtype mixed_bfloat16

A set of clips is cut into two halves. The distance of one half to the other is the
floor; then the other half is made worse in known ways. Prints a table in Markdown.
"""

import argparse

import numpy as np

from benchmarks import clip_sets
from keras_magvit.metrics import I3D, fvd, video_statistics
from keras_magvit.metrics.degradations import DEGRADATIONS


def scores(clips, i3d, seed=1):
    """Distance of the first half to the second, as it is and made worse in every way.

    Args:
        clips: uint8 `(N, T, H, W, 3)`.
        i3d: an `I3D` with weights.
        seed: of noise and shuffling.

    Returns:
        Name, "clean" first -> distance.
    """
    half = len(clips) // 2
    real = video_statistics(clips[:half], i3d)
    other = clips[half : 2 * half]
    rng = np.random.default_rng(seed)
    found = {"clean": float(fvd(real, other, i3d))}
    for name, degrade in DEGRADATIONS.items():
        found[name] = float(fvd(real, degrade(other, rng), i3d))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--clips", type=int, default=256, help="of both halves together"
    )
    parser.add_argument("--dtype", default="float32", help="policy of I3D")
    parser.add_argument("--stored", help="pattern of .npz files with an array `video`")
    parser.add_argument(
        "--sets", nargs="+", help="of footage, shapes, stored; default all"
    )
    options = parser.parse_args()

    sets = {
        "footage": clip_sets.footage,
        "shapes": lambda: clip_sets.shapes(options.clips),
        "stored": lambda: clip_sets.stored(options.stored),
    }
    if not options.stored:
        del sets["stored"]
    i3d = I3D.from_weights(dtype=options.dtype)
    print(f"I3D {i3d.weights_name}, sha256 {i3d.weights_sha256}, {options.dtype}\n")
    names = ("clean", *DEGRADATIONS)
    print(f"| set | clips | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}")
    for name in options.sets or sets:
        clips = sets[name]()[: options.clips]
        found, half = scores(clips, i3d), len(clips) // 2
        cells = " | ".join(f"{found[n]:.0f}" for n in names)
        print(f"| {name} | {half} + {half} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
