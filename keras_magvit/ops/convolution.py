"""The tokenizer's convolutions: with a border, and of an upsampled video.

Nearest-neighbour upsampling by 2 followed by a kernel of 3 taps reads every pixel twice
or three times. Each of the two output phases sees two pixels alone,

    phase 0 at i:   k0 x[i-1] + (k1 + k2) x[i]
    phase 1 at i:   (k0 + k1) x[i] + k2 x[i+1]

so that upsampling T, H and W costs 8 of 27 products, and nothing is copied before.
"""

import itertools

from keras import ops

from keras_magvit import backend
from keras_magvit.backend.choice import is_plain
from keras_magvit.ops.padding import pad_video

_PADDING = {"reflect": "reflect", "same": "zero"}  # of a convolution's border


def convolve(video, kernel, border):
    """A convolution that keeps T, H and W.

    Args:
        video: float `(B, T, H, W, I)`.
        kernel: float `(t, h, w, I, O)`.
        border: "reflect" or "same", see `layers.VideoConv`.

    Returns:
        float `(B, T, H, W, O)`.
    """
    if border == "same" and backend.convolves_to_the_border(video):
        return backend.convolve(video, kernel, "same")
    padded = pad_video(video, _pads(kernel), _PADDING[border])
    return backend.convolve(padded, kernel, "valid")


def _pads(kernel):
    return [((taps - 1) // 2, taps // 2) for taps in kernel.shape[:3]]


def upsample(video, size):
    """Nearest-neighbour upsampling of `(B, T, H, W, C)` by `size = (t, h, w)`."""
    for axis, repeats in enumerate(size, start=1):
        if repeats > 1:
            video = ops.repeat(video, repeats, axis=axis)
    return video


def convolve_upsampled(video, kernel, size, border):
    """`convolve(upsample(video, size), kernel, border)`, by phases where that pays.

    Arguments as there.
    """

    def plain(video, kernel):
        return convolve(upsample(video, size), kernel, border)

    def by_phases(video, kernel):
        return _by_phases(video, kernel, size, border)

    axes = zip(video.shape[1:4], kernel.shape[:3], size, strict=True)
    if not all(n and (by == 1 or (by, taps) == (2, 3)) for n, taps, by in axes):
        return plain(video, kernel)
    if is_plain():  # runtimes have no kernel of their own for it
        return by_phases(video, kernel)
    return backend.on_cpu(by_phases, plain, video, kernel)


def _by_phases(video, kernel, size, border):
    # A mirrored border of what is repeated repeats the border of what is not.
    edge = "edge" if border == "reflect" else "zero"
    pads = _pads(kernel)
    upsampled = [pad if by > 1 else (0, 0) for pad, by in zip(pads, size, strict=True)]
    kept = [(0, 0) if by > 1 else pad for pad, by in zip(pads, size, strict=True)]
    padded = pad_video(video, kept, _PADDING[border])
    padded = pad_video(padded, upsampled, edge)

    batch, *shape, channels = video.shape
    results = []
    for phase, taps in _phases(kernel, size):
        extent = [n + k - 1 for n, k in zip(shape, taps.shape[:3], strict=True)]
        # TensorFlow's gradient of `padded[...]` is many times slower than that of `slice`.
        sizes = (-1 if batch is None else batch, *extent, channels)
        window = ops.slice(padded, (0, *phase, 0), sizes)
        results.append(backend.convolve(window, taps, "valid"))
    return backend.interleave(results, size)


def _phases(kernel, size):
    """`(phase, its kernel)`, phases in the order of T, H, W."""
    wide = ops.cast(kernel, "float32")
    axes = [range(by) for by in size]
    for phase in itertools.product(*axes):
        taps = wide
        for axis, (place, by) in enumerate(zip(phase, size, strict=True)):
            if by > 1:
                taps = _joined(taps, axis, place)
        yield phase, ops.cast(taps, kernel.dtype)


def _joined(kernel, axis, phase):
    first, middle, last = ops.split(kernel, 3, axis=axis)
    pair = [first + middle, last] if phase else [first, middle + last]
    return ops.concatenate(pair, axis=axis)
