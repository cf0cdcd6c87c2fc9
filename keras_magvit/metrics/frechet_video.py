"""The Fréchet video distance of two sets of videos, with its protocol beside it."""

from dataclasses import asdict, dataclass

from keras_magvit import inputs
from keras_magvit.metrics.batches import full_batches
from keras_magvit.metrics.frechet import frechet_distance
from keras_magvit.metrics.statistics import FeatureStatistics
from keras_magvit.networks.i3d import I3D, IMAGE_SIZE, MIN_FRAMES, NUM_CLASSES

# Two sets may differ in these and still be compared; the report shows them.
_OWN = ("height", "width")


@dataclass(frozen=True)
class FVDResult:
    """A Fréchet video distance and all that it depends on.

    Attributes:
        value: the distance; `float(result)` too.
        num_real: number of real videos. The distance is biased in both numbers.
        num_fake: number of generated videos.
        num_frames: frames a video.
        real_size: `(height, width)` of the real videos, before the resize.
        fake_size: the same of the generated ones.
        resize: what happened to the frames before I3D saw them.
        weights: name of I3D's weights.
        weights_sha256: of their file.
        dtype: what I3D computed in.

    Example:
        >>> result = km.metrics.fvd(real, fake, i3d)
        >>> print(result)  # the number and all that it depends on
    """

    value: float
    num_real: int
    num_fake: int
    num_frames: int
    real_size: tuple[int, int]
    fake_size: tuple[int, int]
    resize: str
    weights: str
    weights_sha256: str
    dtype: str

    @property
    def name(self):
        """What the distance is called; "fvd" on TensorFlow 1's grid alone."""
        return name_of(self.resize.split()[0])

    def __float__(self):
        return self.value

    def __str__(self):
        real, fake = ("x".join(map(str, s)) for s in (self.real_size, self.fake_size))
        return (
            f"{self.name.upper()} {self.value:.2f} ({self.num_real} real of {real}, "
            f"{self.num_fake} fake of {fake}, {self.num_frames} frames; {self.resize}; "
            "I3D logits in "
            f"{self.dtype}, weights {self.weights}, sha256 {self.weights_sha256})"
        )

    def as_dict(self):
        """As a dict that JSON can hold."""
        return {"name": self.name, **asdict(self)}


def name_of(resize_grid):
    """What the distance is called: only TensorFlow 1's grid makes it FVD itself."""
    return "fvd" if resize_grid == "tf1" else f"fvd_{resize_grid}"


def fvd(real, fake, i3d=None, batch_size=8):
    """Fréchet video distance: how far generated videos are from real ones.

    Args:
        real: videos `(N, T, H, W, 3)`, uint8 or float in [0, 1]; or an iterable of
            batches of them, or of dicts with "video"; or what `video_statistics` gave.
        fake: the same. T must agree and be at least 9; H and W may differ.
        i3d: the network; None looks for its weights, see `I3D.from_weights`.
        batch_size: videos at a time.

    Returns:
        `FVDResult`, whose text is the distance with its protocol.

    Raises:
        ValueError: on fewer than 2 videos, fewer than 9 frames, different lengths, NaN,
            values out of range, or statistics of another network, grid or dtype; if
            there are no weights, with the three ways to get them.

    Example:
        >>> result = km.metrics.fvd(real, fake, i3d)  # (N, T, H, W, 3) each
        >>> print(result)

    Reference:
        Unterthiner et al., arXiv:1812.01717; `frechet_video_distance` of google-research.
    """
    sets = {"real": real, "fake": fake}
    if i3d is None and not all(isinstance(s, FeatureStatistics) for s in sets.values()):
        i3d = I3D.from_weights()
    real, fake = (
        videos
        if isinstance(videos, FeatureStatistics)
        else video_statistics(videos, i3d, batch_size, name=name)
        for name, videos in sets.items()
    )
    return compare(real, fake)


def compare(real, fake):
    """`FVDResult` of two `FeatureStatistics` that `video_statistics` made."""
    first, second = real.protocol, fake.protocol
    differing = [k for k in first | second if first.get(k) != second.get(k)]
    differing = [key for key in differing if key not in _OWN]
    if differing or "weights_sha256" not in first:
        raise ValueError(
            "Both sets must be measured alike, by `video_statistics`; they differ in "
            f"{differing}. Received: real.protocol={first}, fake.protocol={second}"
        )
    shared = {key: value for key, value in first.items() if key not in _OWN}
    return FVDResult(
        value=frechet_distance(real, fake),
        num_real=real.count,
        num_fake=fake.count,
        real_size=(first["height"], first["width"]),
        fake_size=(second["height"], second["width"]),
        **shared,
    )


def video_statistics(videos, i3d, batch_size=8, name="videos"):
    """Statistics of I3D's features, to be kept, merged, and compared with others.

    Args:
        videos: as in `fvd`.
        i3d: an `I3D` with weights.
        batch_size: videos at a time.
        name: what errors call the videos.

    Returns:
        `FeatureStatistics` whose `protocol` says how the features were made.

    Raises:
        ValueError: as in `fvd`.

    Example:
        >>> part = km.metrics.video_statistics(real, i3d)
        >>> part.save("part-0.npz")
    """
    statistics = None
    for batch, count in full_batches(videos, batch_size, name, check_clips):
        found = protocol(i3d, batch.shape[1:4])
        if statistics is None:
            statistics = FeatureStatistics(NUM_CLASSES, found)
        elif found != statistics.protocol:
            raise ValueError(
                f"All videos of `{name}` must have one length and size. Received: "
                f"{name} of (frames, height, width) {tuple(batch.shape[1:4])} after "
                f"{tuple(statistics.protocol[k] for k in ('num_frames', *_OWN))}"
            )
        statistics.update(i3d.features(batch)[:count])
    if statistics is None:
        raise ValueError(f"There must be videos. Received: {name} is empty")
    return statistics


def check_trained(i3d):
    """Refuses a network whose weights are random."""
    if i3d.weights_sha256 is None:
        raise ValueError(
            "The network has no trained weights: build it by `I3D.from_weights`. "
            f"Received: i3d={i3d.name!r}"
        )


def protocol(i3d, clip_shape):
    """What the features of clips `(T, H, W)` depend on, as a dict."""
    check_trained(i3d)
    return {
        "num_frames": int(clip_shape[0]),
        "height": int(clip_shape[1]),
        "width": int(clip_shape[2]),
        "resize": f"{i3d.resize_grid} bilinear to {IMAGE_SIZE}x{IMAGE_SIZE}",
        "weights": i3d.weights_name,
        "weights_sha256": i3d.weights_sha256,
        "dtype": i3d.compute_dtype,
    }


def check_clips(videos, name):
    """The gate: float32 clips in [0, 1], long enough for I3D; see `inputs.as_video`."""
    videos = inputs.as_video(videos, name)
    if videos.shape[1] < MIN_FRAMES:
        raise ValueError(
            f"FVD needs videos of at least {MIN_FRAMES} frames. "
            f"Received: {name}.shape={tuple(videos.shape)}"
        )
    return videos
