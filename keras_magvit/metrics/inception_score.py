"""The Inception score of videos, by C3D and the variants of the papers."""

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

from keras_magvit import inputs
from keras_magvit.metrics.batches import full_batches
from keras_magvit.networks.c3d import C3D, NUM_FRAMES


@dataclass(frozen=True)
class Variant:
    """One paper's way to the number.

    Attributes:
        num_samples: how many generated videos it takes.
        splits: parts whose scores are averaged; each has `num_samples / splits` videos.
        epsilon: added to every probability.
    """

    num_samples: int
    splits: int
    epsilon: float = 0.0


VARIANTS = {
    # Four folds of 10,000.
    "magvit": Variant(40_000, 4),
    # The function's defaults; the script beside it scores 10 runs of 2,048 unsplit.
    "tgan2": Variant(10_000, 10, 1e-20),
    "stylegan_v": Variant(2_048, 10),
}


@dataclass(frozen=True)
class InceptionScoreResult:
    """An Inception score and all that it depends on.

    Attributes:
        value: mean over the splits; `float(result)` too.
        std: standard deviation over the splits.
        variant: name of the variant.
        num_samples: number of videos.
        wanted_samples: how many the variant takes; fewer give a lower score.
        splits: number of parts.
        weights: name of the classifier's weights.
        weights_sha256: of their file.
    """

    value: float
    std: float
    variant: str
    num_samples: int
    wanted_samples: int
    splits: int
    weights: str
    weights_sha256: str

    def __float__(self):
        return self.value

    def __str__(self):
        few = self.num_samples != self.wanted_samples
        wanted = f" in place of {self.wanted_samples}" if few else ""
        return (
            f"IS {self.value:.2f} ± {self.std:.2f} ({self.variant}: {self.num_samples} "
            f"videos{wanted} in {self.splits} splits; C3D, weights {self.weights}, sha256 "
            f"{self.weights_sha256})"
        )

    def as_dict(self):
        """As a dict that JSON can hold."""
        return asdict(self)


def inception_score(logits, splits=1, epsilon=0.0):
    """exp of the mean Kullback-Leibler divergence of p(class | video) from p(class).

    Args:
        logits: `(n, classes)`, n at least `splits`.
        splits: consecutive parts of equal size that are scored by themselves.
        epsilon: added to every probability.

    Returns:
        `(mean, std)` over the splits: floats; the mean lies in [1, classes].

    Raises:
        ValueError: on another rank, fewer rows than splits, or NaN or infinity.

    Example:
        >>> logits = 50.0 * np.eye(4)  # sure of every video, and every class as often
        >>> round(float(km.metrics.inception_score(logits)[0]), 3)
        4.0

    Reference:
        Salimans et al. (https://arxiv.org/abs/1606.03498);
        `tfgan.eval.classifier_score_from_logits`.
    """
    logits = np.asarray(logits, "float64")
    if logits.ndim != 2 or not 1 <= splits <= len(logits):
        raise ValueError(
            "`logits` must have the shape (n, classes), with n at least `splits`. "
            f"Received: logits.shape={logits.shape}, splits={splits}"
        )
    if not np.isfinite(logits).all():
        raise ValueError(
            "`logits` must be finite. Received: logits with NaN or infinity"
        )
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = shares / shares.sum(axis=1, keepdims=True) + epsilon
    bounds = np.arange(splits + 1) * len(shares) // splits
    parts = (shares[a:b] for a, b in pairwise(bounds))
    scores = [np.exp(_divergence(part)) for part in parts]
    return float(np.mean(scores)), float(np.std(scores))


def _divergence(shares):
    """Mean over rows of Σ p log(p / mean p), where 0 log 0 is 0."""
    mean = np.broadcast_to(shares.mean(axis=0), shares.shape)
    seen = shares > 0
    ratio = np.divide(shares, mean, out=np.ones_like(shares), where=seen)
    return np.mean(np.sum(shares * np.log(ratio), axis=1))


class InceptionScore:
    """Inception score of generated videos.

    Args:
        c3d: the classifier; None looks for its weights, see `C3D.from_weights`.
        variant: "magvit" (40,000 videos, mean of 4 folds of 10,000), "tgan2" (10,000 in
            10 splits) or "stylegan_v" (2,048 in 10 splits). Their numbers differ.
        batch_size: videos at a time.

    Raises:
        ValueError: on an unknown variant, or a network without trained weights.
        WeightsError: if there are no weights; the text says how to get them.

    Example:
        >>> score = InceptionScore(variant="stylegan_v")
        >>> print(score(videos))                    # the number and its protocol
    """

    def __init__(self, c3d=None, variant="magvit", batch_size=8):
        if variant not in VARIANTS:
            raise ValueError(
                f"`variant` must be one of {sorted(VARIANTS)}. "
                f"Received: variant={variant!r}"
            )
        self.variant, self.batch_size = variant, batch_size
        self.c3d = C3D.from_weights() if c3d is None else c3d
        if self.c3d.weights_sha256 is None:
            raise ValueError(
                "The network has no trained weights: build it by `C3D.from_weights`. "
                f"Received: c3d={self.c3d.name!r}"
            )

    def __call__(self, videos):
        """Scores videos; what comes after the variant's number is left out.

        Args:
            videos: `(N, 16, H, W, 3)`, uint8 or float in [0, 1]; or an iterable of
                batches of them, or of dicts with "video".

        Returns:
            `InceptionScoreResult`.

        Raises:
            ValueError: on fewer videos than splits, another number of frames, NaN, or
                values out of range.
        """
        return self.of_logits(self.logits(videos))

    def logits(self, videos):
        """What the score is made of, to be kept: float32 `(n, 101)`."""
        wanted, found, seen = VARIANTS[self.variant].num_samples, [], 0
        for batch, count in full_batches(
            videos, self.batch_size, "videos", check_clips
        ):
            found.append(self.c3d.logits(batch)[:count])
            seen += count
            if seen >= wanted:
                break
        if not found:
            raise ValueError("There must be videos. Received: videos is empty")
        return np.concatenate(found)

    def of_logits(self, logits):
        """The score of logits that were kept; as a call."""
        rule = VARIANTS[self.variant]
        logits = np.asarray(logits)[: rule.num_samples]
        value, std = inception_score(logits, rule.splits, rule.epsilon)
        return InceptionScoreResult(
            value,
            std,
            self.variant,
            len(logits),
            rule.num_samples,
            rule.splits,
            self.c3d.weights_name,
            self.c3d.weights_sha256,
        )


def check_clips(videos, name):
    """The gate: float32 clips of 16 frames in [0, 1]; see `inputs.as_video`."""
    videos = inputs.as_video(videos, name)
    if videos.shape[1] != NUM_FRAMES:
        raise ValueError(
            f"C3D sees clips of {NUM_FRAMES} frames. "
            f"Received: {name}.shape={tuple(videos.shape)}"
        )
    return videos
