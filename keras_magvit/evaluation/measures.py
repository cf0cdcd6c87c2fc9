"""What is measured of real and generated clips, one number or feature a clip."""

from typing import Any

import numpy as np
from keras import ops

from keras_magvit.metrics import frechet_video, image_quality, regions
from keras_magvit.metrics.statistics import FeatureStatistics
from keras_magvit.networks.i3d import NUM_CLASSES
from keras_magvit.networks.resizing import resize_bilinear

# Metrics of pairs of which less is better begin so; the names are those of `LPIPS`.
LOWER_IS_BETTER = ("lpips", "feature_distance")


class Measures:
    """The networks and formulas of an evaluation.

    Args:
        i3d: `I3D` with weights.
        lpips: `LPIPS` (or what is called alike and has a `name`), or None.
        c3d: `C3D` with weights, for the Inception score; or None.
        classifier: reads the class of a clip, as `MotionClassifier`; or None.
        size: `(H, W)` that clips are brought to before anything is measured.

    Example:
        >>> measures = km.evaluation.Measures(i3d)
    """

    def __init__(self, i3d, lpips=None, c3d=None, size=None, classifier=None):
        self.i3d, self.lpips, self.c3d = i3d, lpips, c3d
        self.classifier = classifier
        self.size = None if size is None else tuple(size)

    def describe(self) -> dict[str, Any]:
        """What the numbers depend on, as plain data."""
        return {
            "i3d": frechet_video.protocol(self.i3d, (0, 0, 0)),
            "perceptual": getattr(self.lpips, "name", None),
            "c3d_sha256": getattr(self.c3d, "weights_sha256", None),
            "classifier_sha256": getattr(self.classifier, "weights_sha256", None),
            "size": self.size,
        }

    def fit(self, video):
        """A clip at the measured size: its central square, resized bilinearly."""
        if self.size is None or tuple(video.shape[2:4]) == self.size:
            return np.asarray(video, "float32")
        video = ops.convert_to_tensor(_central(video, self.size))
        return ops.convert_to_numpy(resize_bilinear(video, self.size, "half_pixel"))

    def features(self, video) -> np.ndarray:
        """Features for the Fréchet distance: float32 `(B, 400)`."""
        return self.i3d.features(frechet_video.check_clips(self.fit(video), "video"))

    def statistics(self, features, num_frames) -> FeatureStatistics:
        """Statistics of features, which know how they were made."""
        assert self.size is not None, "clips of one set have one size"
        protocol = frechet_video.protocol(self.i3d, (num_frames, *self.size))
        return FeatureStatistics(NUM_CLASSES, protocol).update(features)

    def of_generated(self, fake) -> dict[str, np.ndarray]:
        """What sets of generated clips are judged by."""
        found = {"features": self.features(fake)}
        if self.c3d is not None:
            found["logits"] = _numpy(self.c3d.logits(self.fit(fake)))
        return found

    def of_pairs(self, real, fake) -> dict[str, np.ndarray]:
        """How near generated clips are to the real ones: each float32 `(B,)`."""
        real, fake = self.fit(real), self.fit(fake)
        metrics = {"psnr": image_quality.psnr, "ssim": image_quality.ssim}
        if self.lpips is not None:
            metrics[self.lpips.name] = self.lpips
        return {name: _numpy(metric(real, fake)) for name, metric in metrics.items()}

    def of_regions(self, real, fake, condition) -> dict[str, np.ndarray]:
        """The generated region, and what two simple guesses would score there.

        Args:
            real: `(B, T, H, W, 3)` in [0, 1].
            fake: the same.
            condition: `tasks.Condition` of the real clips.

        Returns:
            Float32 `(B,)` each: PSNR of the generated region; of the condition's
            padding there; of the mean colour of what was given; and of what was given.
        """
        given = condition.video_mask
        padded = np.clip(_numpy(condition.video), 0.0, 1.0)
        guess = mean_colour(real, _numpy(given))
        scores = {
            "generated_psnr": regions.region_psnr(real, fake, given),
            "generated_psnr_of_padding": regions.region_psnr(real, padded, given),
            "generated_psnr_of_mean_colour": regions.region_psnr(real, guess, given),
            "given_psnr": regions.region_psnr(real, fake, given, "given"),
        }
        return {name: _numpy(value) for name, value in scores.items()}


def mean_colour(real, given):
    """Clips of one colour: the mean of the given pixels, `(B, T, H, W, 3)`."""
    weights = np.broadcast_to(given, (*real.shape[:-1], 1)).astype("float64")
    axes = (1, 2, 3)
    total = np.sum(weights * real, axis=axes, keepdims=True)
    mean = total / np.maximum(np.sum(weights, axis=axes, keepdims=True), 1.0)
    return np.broadcast_to(mean, real.shape).astype("float32")


def _central(video, size):
    """The largest central box of the aspect ratio of `size`."""
    height, width = video.shape[2:4]
    rows = min(height, width * size[0] // size[1])
    columns = min(width, height * size[1] // size[0])
    top, left = (height - rows) // 2, (width - columns) // 2
    return video[:, :, top : top + rows, left : left + columns]


def _numpy(x):
    return np.asarray(ops.convert_to_numpy(x))
