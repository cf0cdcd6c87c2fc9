"""Time and memory of the Fréchet video distance, and what bfloat16 changes.

    python -m benchmarks.fvd_speed
    python -m benchmarks.fvd_speed --clips 256

Measures N drawn clips of 16 x 64 x 64 against N others, streamed, and then the first
ones of each in both precisions.
"""

import argparse
import resource
import time

import keras
import numpy as np

from benchmarks.clip_sets import NUM_FRAMES, SIZE
from keras_magvit import data
from keras_magvit.metrics import I3D, fvd
from keras_magvit.metrics.degradations import blur


def batches(count, seed, size, degrade=None):
    """Clips of moving shapes, drawn when they are asked for."""
    source = data.MovingShapes(count, NUM_FRAMES, (SIZE, SIZE), seed=seed)
    for start in range(0, count, size):
        indices = range(start, min(start + size, count))
        clips = np.stack([source.frames(i, range(NUM_FRAMES)) for i in indices])
        yield clips if degrade is None else degrade(clips)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=2048, help="N of each set")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--dtype", default="mixed_bfloat16", help="policy of I3D")
    parser.add_argument("--compare", type=int, default=64, help="N in both precisions")
    options = parser.parse_args()

    def measure(i3d, count):
        size = options.batch_size
        return fvd(
            batches(count, 0, size), batches(count, 1, size, blur), i3d, batch_size=size
        )

    i3d = I3D.from_weights(dtype=options.dtype)
    measure(i3d, 2)  # compiles
    wall, processor = time.perf_counter(), time.process_time()
    result = measure(i3d, options.clips)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(result)
    print(
        f"{keras.config.backend()}, {2 * options.clips} clips: {wall:.0f} s, "
        f"{processor:.0f} s of processor ({processor / 2 / options.clips:.3f} a clip), at "
        f"most {resident:.2f} GiB resident",
        flush=True,
    )
    few = options.compare
    exact = float(measure(I3D.from_weights(), few))
    rounded = float(measure(i3d, few))
    print(
        f"{few} + {few} clips: float32 {exact:.3f}, {i3d.compute_dtype} {rounded:.3f}, "
        f"difference {rounded - exact:+.3f} ({rounded / exact - 1:+.2%})"
    )


if __name__ == "__main__":
    main()
