"""What a video metric must notice: real clips made worse in known ways."""

import numpy as np


def noise(clips, rng, sigma=20.0):
    """Gaussian noise of standard deviation `sigma`, of 255."""
    noisy = clips + rng.normal(0.0, sigma, clips.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def blur(clips, rng=None, sigma=1.5):
    """Gaussian blur of every frame, `sigma` in pixels."""
    radius = int(np.ceil(3 * sigma))
    window = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    window /= window.sum()
    blurred = clips.astype("float32")
    for axis in (-3, -2):
        pad = [(0, 0)] * blurred.ndim
        pad[axis] = (radius, radius)
        padded = np.moveaxis(np.pad(blurred, pad, mode="edge"), axis, 0)
        size = blurred.shape[axis]
        total = sum(w * padded[i : i + size] for i, w in enumerate(window))
        blurred = np.moveaxis(total, 0, axis)
    return np.rint(blurred).astype(np.uint8)


def frozen(clips, rng=None):
    """The first frame again and again."""
    return np.repeat(clips[:, :1], clips.shape[1], axis=1)


def shuffled(clips, rng):
    """The frames of each clip in random order."""
    orders = rng.permuted(np.tile(np.arange(clips.shape[1]), (len(clips), 1)), axis=1)
    return np.take_along_axis(clips, orders[:, :, None, None, None], axis=1)


def half_speed(clips, rng=None):
    """Every frame of the first half twice."""
    return clips[:, np.arange(clips.shape[1]) // 2]


# name -> function of uint8 clips (N, T, H, W, 3) and a `numpy.random.Generator`.
DEGRADATIONS = {
    "noise": noise,
    "blur": blur,
    "frozen": frozen,
    "shuffled": shuffled,
    "half_speed": half_speed,
}
