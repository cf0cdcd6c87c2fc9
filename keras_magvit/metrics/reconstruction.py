"""How well a tokenizer gives back what it was shown, over a set of videos."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from keras import ops

from keras_magvit import inputs
from keras_magvit.metrics.image_quality import psnr, ssim


@dataclass(frozen=True)
class Reconstruction:
    """Means over the videos of a set.

    Attributes:
        num_videos: how many there were.
        psnr: in dB, see `psnr`.
        ssim: see `ssim`.
        perceptual: distance by the network below; None if none was asked for.
        perceptual_name: such as "lpips_vgg16".
        codebook_usage: share of the codes that occur in the set.
        codebook_perplexity: exp of the entropy of its ids: how many codes are in use.

    Example:
        >>> km.metrics.reconstruction(tokenizer, clip).psnr  # in dB
    """

    num_videos: int
    psnr: float
    ssim: float
    perceptual: float | None
    perceptual_name: str | None
    codebook_usage: float
    codebook_perplexity: float

    def __str__(self):
        distance = ""
        if self.perceptual is not None:
            distance = f"{self.perceptual_name} {self.perceptual:.4f}, "
        return (
            f"PSNR {self.psnr:.2f} dB, SSIM {self.ssim:.4f}, {distance}codebook usage "
            f"{self.codebook_usage:.1%}, perplexity {self.codebook_perplexity:.1f} "
            f"({self.num_videos} videos)"
        )

    def as_dict(self):
        """As a dict that JSON can hold."""
        return asdict(self)


def reconstruction(tokenizer, videos, lpips=None):
    """Measures the reconstructions of a set of videos.

    Args:
        tokenizer: a `VideoTokenizer`.
        videos: an iterable of batches `(B, T, H, W, 3)`, uint8 or float in [0, 1], or of
            dicts with "video"; or one such batch.
        lpips: an `LPIPS` to measure with too, or None.

    Returns:
        `Reconstruction`.

    Raises:
        ValueError: if there are no videos, or the tokenizer or a metric refuses them.

    Example:
        >>> print(km.metrics.reconstruction(tokenizer, clip))
    """
    counts = np.zeros(tokenizer.codebook_size, "int64")
    metrics = {"psnr": psnr, "ssim": ssim}
    if lpips is not None:
        metrics["perceptual"] = lpips
    scores: dict[str, list[float]] = {name: [] for name in metrics}
    for batch in [videos] if hasattr(videos, "shape") else videos:
        real = batch["video"] if isinstance(batch, Mapping) else batch
        real = inputs.as_video(real)
        ids = tokenizer.encode(real)
        flat = ops.convert_to_numpy(ids).ravel()
        counts += np.bincount(flat, minlength=len(counts))
        fake = ops.clip(tokenizer.decode(ids), 0.0, 1.0)
        for name, metric in metrics.items():
            scores[name].extend(ops.convert_to_numpy(metric(real, fake)).tolist())
    if not scores["psnr"]:
        raise ValueError("There must be videos. Received: videos is empty")
    means: dict[str, Any] = {n: float(np.mean(s)) for n, s in scores.items()}
    shares = counts[counts > 0] / counts.sum()
    return Reconstruction(
        num_videos=len(scores["psnr"]),
        perceptual_name=getattr(lpips, "name", None),
        codebook_usage=len(shares) / len(counts),
        codebook_perplexity=float(np.exp(-np.sum(shares * np.log(shares)))),
        **{"perceptual": None, **means},
    )
