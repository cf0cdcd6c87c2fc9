"""What drawn videos share: a seeded generator for each, and objects that bounce."""

import abc
from collections.abc import Sequence

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.source import VideoInfo, VideoSource

# Each split is drawn from streams of its own, so that none shows another's videos.
SPLITS = ("train", "validation", "test")


class ProceduralVideos(VideoSource):
    """Videos that are drawn when they are asked for; nothing is stored or downloaded.

    Video `i` is a function of `(seed, split, i)` alone, and has the class
    `i % num_classes`, so that classes are balanced.

    Args:
        num_videos: how many there are.
        num_frames: frames of a video.
        size: `(H, W)`, at least 16 x 16.
        seed: at least 0.
        split: "train", "validation" or "test".
        frame_rate: frames a second.

    Raises:
        ValueError: for an argument out of its range.
    """

    def __init__(
        self,
        num_videos: int = 10_000,
        num_frames: int = 20,
        size: tuple[int, int] = (64, 64),
        seed: int = 0,
        split: str = "train",
        frame_rate: float = 8.0,
    ) -> None:
        checks.at_least(1, num_videos=num_videos, num_frames=num_frames)
        checks.at_least(0, seed=seed)
        checks.one_of(split=(split, SPLITS))
        self.size = checks.frame_size(size)
        checks.at_least(16, height=self.size[0], width=self.size[1])
        self.num_videos, self.num_frames = num_videos, num_frames
        self.seed, self.split, self.frame_rate = seed, split, frame_rate

    def __len__(self) -> int:
        return self.num_videos

    def key(self, index: int) -> str:
        return f"{self.split}/{index:08d}"

    def fingerprint(self, index: int) -> str:
        settings = sorted(vars(self).items())
        return f"{type(self).__name__} {settings} {index}"

    def label(self, index: int) -> int:
        return index % self.num_classes

    def info(self, index: int) -> VideoInfo:
        return VideoInfo(self.num_frames, *self.size, self.frame_rate)

    def frames(self, index: int, indices: Sequence[int]) -> np.ndarray:
        generator = np.random.default_rng((self.seed, SPLITS.index(self.split), index))
        video = self.draw(index, generator, np.asarray(indices, np.float64))
        return np.rint(video * 255).astype(np.uint8)

    @abc.abstractmethod
    def draw(
        self, index: int, generator: np.random.Generator, times: np.ndarray
    ) -> np.ndarray:
        """Draws frames of one video.

        Args:
            index: the video.
            generator: its own generator; what is drawn from it must not depend on
                `times`.
            times: the frames, float `(n,)`.

        Returns:
            float `(n, H, W, 3)` in [0, 1].
        """


def bounce(position: np.ndarray, span: float) -> np.ndarray:
    """Folds a straight path into `[0, span]`: the path of a ball between two walls."""
    if span <= 0:
        return np.zeros_like(position)
    return span - np.abs(position % (2 * span) - span)
