"""PSNR and SSIM of videos: of every frame, then averaged over the frames of a video."""

import numpy as np
from keras import ops

from keras_magvit import inputs

# Luminance as the paper's code weighs it, which is not ITU-R 601 (TensorFlow's).
_GRAY = (0.2125, 0.7154, 0.0721)
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def psnr(real, fake):
    """Peak signal-to-noise ratio, mean over frames, in dB.

    Args:
        real: `(B, T, H, W, 3)`, uint8 or float in [0, 1]; or frames `(N, H, W, 3)`.
        fake: the same shape.

    Returns:
        float32 `(B,)`, or `(N,)`; infinite for a video with a frame that is equal.

    Raises:
        ValueError: on different shapes, another rank, NaN, or values out of range.

    Example:
        >>> scores = km.metrics.psnr(clip, np.clip(clip + 0.1, 0, 1))  # (2,), in dB

    Reference:
        `train_lib/image_quality_metrics.py`: -10 log10 of the mean squared error.
    """
    real, fake, per_video = paired_frames(real, fake)
    return per_video(decibels(ops.mean(ops.square(real - fake), axis=(1, 2, 3))))


def ssim(real, fake):
    """Structural similarity of the gray frames, mean over frames: the paper's.

    An 11 x 11 Gaussian window of sigma 1.5, only where it lies inside the frame. Others
    measure RGB (see `ssim_rgb`) or pixels in 0..255: their numbers differ.

    Args:
        real: `(B, T, H, W, 3)`, uint8 or float in [0, 1], H and W at least 11; or frames
            `(N, H, W, 3)`.
        fake: the same shape.

    Returns:
        float32 `(B,)`, or `(N,)`, in [-1, 1].

    Raises:
        ValueError: as in `psnr`, or on frames smaller than the window.

    Example:
        >>> np.round(np.array(km.metrics.ssim(clip, clip)), 3).tolist()
        [1.0, 1.0]

    Reference:
        Wang et al., Image Quality Assessment (IEEE TIP, 2004);
        `train_lib/image_quality_metrics.py`.
    """
    real, fake, per_video = paired_frames(real, fake)
    return per_video(_ssim(to_gray(real), to_gray(fake)))


def ssim_rgb(real, fake):
    """As `ssim`, but the mean of red, green and blue in place of their gray.

    Example:
        >>> np.round(np.array(km.metrics.ssim_rgb(clip, clip)), 3).tolist()
        [1.0, 1.0]
    """
    real, fake, per_video = paired_frames(real, fake)
    return per_video(_ssim(real, fake))


def best_of(metric, real, samples, highest=True):
    """The best score of several trials for every video, as the paper does on BAIR.

    Args:
        metric: function `(real, fake) -> (B,)`, such as `psnr`.
        real: `(B, T, H, W, 3)`.
        samples: the trials: an iterable of `(B, T, H, W, 3)`, which may generate them.
        highest: whether more is better; False for LPIPS.

    Returns:
        float32 `(B,)`.

    Raises:
        ValueError: if there is no trial, or as `metric` does.

    Example:
        >>> samples = np.stack([1 - clip, clip], axis=1)  # two trials of each clip
        >>> scores = km.metrics.best_of(km.metrics.ssim, clip, samples)
    """
    better, best = ops.maximum if highest else ops.minimum, None
    for fake in samples:
        scores = metric(real, fake)
        best = scores if best is None else better(best, scores)
    if best is None:
        raise ValueError("There must be trials. Received: samples is empty")
    return best


def to_gray(frames):
    """RGB `(..., 3)` to luminance `(..., 1)`."""
    channels = (frames[..., i : i + 1] * weight for i, weight in enumerate(_GRAY))
    return sum(channels)


def decibels(squared_error):
    """PSNR of a mean squared error of pixels in [0, 1]."""
    return -10.0 * ops.log10(squared_error)


def paired_frames(real, fake):
    """The gate of two sets that are compared frame by frame.

    Args:
        real: videos `(B, T, H, W, 3)` or frames `(N, H, W, 3)`.
        fake: the same shape.

    Returns:
        `(real, fake, per_video)`: float32 `(N, H, W, 3)` twice, and a function that
        turns a score a frame `(N,)` into the mean of every video `(B,)`.

    Raises:
        ValueError: on different shapes, or what `inputs.as_video` refuses.
    """
    real, fake = (np.asarray(x) if isinstance(x, list) else x for x in (real, fake))
    shapes = tuple(tuple(getattr(x, "shape", ())) for x in (real, fake))
    if shapes[0] != shapes[1]:
        raise ValueError(
            "`real` and `fake` must have the same shape. "
            f"Received: real.shape={shapes[0]}, fake.shape={shapes[1]}"
        )
    are_frames = len(shapes[0]) == 4
    if are_frames:
        real, fake = real[None], fake[None]
    real, fake = inputs.as_video(real, "real"), inputs.as_video(fake, "fake")
    frames = (-1, *real.shape[2:])

    def per_video(scores):
        if are_frames:
            return scores
        return ops.mean(ops.reshape(scores, (-1, real.shape[1])), axis=1)

    return ops.reshape(real, frames), ops.reshape(fake, frames), per_video


def _ssim(real, fake):
    """`(N, H, W, C)` twice to `(N,)`."""
    height, width, channels = real.shape[1:]
    if min(height, width) < _WINDOW:
        raise ValueError(
            f"SSIM needs frames of at least {_WINDOW} x {_WINDOW}. "
            f"Received: frames of {height} x {width}"
        )
    moments = (real, fake, real * real, fake * fake, real * fake)
    blurred = _blur(ops.concatenate(moments, axis=-1))
    mean_r, mean_f, rr, ff, rf = (
        blurred[..., i * channels : (i + 1) * channels] for i in range(len(moments))
    )
    luminance = (2 * mean_r * mean_f + _C1) / (mean_r**2 + mean_f**2 + _C1)
    covariance = rf - mean_r * mean_f
    variances = rr - mean_r**2 + ff - mean_f**2
    structure = (2 * covariance + _C2) / (variances + _C2)
    return ops.mean(luminance * structure, axis=(1, 2, 3))


def _blur(x):
    """The Gaussian window, where it lies inside: H and W shrink by 10.

    A sum of shifted views: a convolution may round to less than float32 on accelerators,
    and variances are small differences of large numbers.
    """
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    window = np.exp(-0.5 * (offsets / _SIGMA) ** 2)
    weights = [float(weight) for weight in window / window.sum()]
    rows = x.shape[1] - _WINDOW + 1
    x = sum(w * x[:, i : i + rows] for i, w in enumerate(weights))
    columns = x.shape[2] - _WINDOW + 1
    return sum(w * x[:, :, i : i + columns] for i, w in enumerate(weights))
