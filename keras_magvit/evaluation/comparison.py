"""The Fréchet distance of two sets of anybody's videos."""

import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from keras_magvit.data import ClipDataset, VideoSource, registry
from keras_magvit.data.sources.folder import VideoFolder
from keras_magvit.evaluation.clips import NumberedClips
from keras_magvit.evaluation.measures import Measures
from keras_magvit.io import VideoFileError
from keras_magvit.metrics import FVDResult, frechet_video
from keras_magvit.networks.i3d import MIN_FRAMES


@dataclass(frozen=True)
class Comparison:
    """A distance of two sets, and how much of it the number of videos makes.

    Attributes:
        fvd: `FVDResult`.
        real_half_against_half: distance of every second real video to the others; None
            of fewer than 4.
        clips: which frames of which videos were compared, in words.
        skipped: name of the set -> what of it could not be read.

    Example:
        >>> comparison = km.evaluation.compare_videos("real/", "fake/", i3d)
        >>> print(comparison.fvd)
    """

    fvd: FVDResult
    real_half_against_half: float | None
    clips: str
    skipped: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """As a dict that JSON can hold."""
        return {**asdict(self), "fvd": self.fvd.as_dict()}


def compare_videos(
    real,
    fake,
    i3d,
    *,
    num_videos=None,
    num_frames=None,
    size=None,
    batch_size=8,
    skip_unreadable=False,
    progress=None,
):
    """Measures two sets of videos as they are, in files.

    Args:
        real: a folder of videos, at any depth (files, or folders of frames); an array
            file (.npz, .npy, .h5) of `(N, T, H, W, 3)`; or a `VideoSource`.
        fake: the same.
        i3d: `I3D` with weights.
        num_videos: take so many of each, spread evenly; None takes all.
        num_frames: take the first so many frames of each video; None takes all, and
            wants all videos to have the same number.
        size: `(H, W)` that frames are resized to and centrally cropped, before I3D's own
            resize; None leaves them as they are, and wants all of a set to have one.
        batch_size: videos at a time.
        skip_unreadable: leave out what cannot be read, or is too short, and say so.
        progress: called with `(label, done, total)`.

    Returns:
        `Comparison`.

    Raises:
        ValueError: on fewer than 2 videos, fewer than 9 frames, or lengths or sizes that
            differ.
        VideoFileError: if a set, or a video of it, cannot be read.

    Example:
        >>> comparison = km.evaluation.compare_videos("real/", "fake/", i3d)
    """
    progress = progress or (lambda label, done, total: None)
    sources = {"real": open_videos(real), "fake": open_videos(fake)}
    frames = num_frames or _common_frames(sources, skip_unreadable)
    if frames < MIN_FRAMES:
        raise ValueError(
            f"FVD needs videos of at least {MIN_FRAMES} frames. "
            f"Received: num_frames={frames}"
        )
    sets, statistics = {}, {}
    for name, source in sources.items():
        shape = size or _common_size(name, source, skip_unreadable)
        dataset = ClipDataset(
            source,
            frames,
            size=shape,
            training=False,
            windows_per_video="first",
            strict=not skip_unreadable,
            name=name,
        )
        clips = NumberedClips(dataset, num_videos, endless=False)
        measures = Measures(i3d, size=shape)
        features = _features(name, clips, measures, batch_size, progress)
        sets[name] = clips, features
        statistics[name] = measures.statistics(features, frames)
        if statistics[name].count < 2:
            raise ValueError(
                f"`{name}` needs at least 2 videos: one has no covariance. "
                f"Received: {name} with {statistics[name].count}"
            )
        if name == "real":
            floor = _floor(features, measures, frames)
    counts = {name: len(clips.dataset) for name, (clips, _) in sets.items()}
    return Comparison(
        frechet_video.compare(statistics["real"], statistics["fake"]),
        floor,
        f"the first {frames} frames of videos spread evenly over {counts['real']} real "
        f"and {counts['fake']} fake",
        {n: clips.dataset.report.to_dict() for n, (clips, _) in sets.items()},
    )


def open_videos(place) -> VideoSource:
    """Opens a folder of videos or an array file; a `VideoSource` stays what it is.

    Raises:
        VideoFileError: if it cannot be read, or holds no videos.
        ValueError: if it is of no known kind.
    """
    if isinstance(place, VideoSource):
        return place
    path = os.fspath(place)
    if os.path.isdir(path):
        return VideoFolder(path, labels=False)
    if not os.path.exists(path):
        raise VideoFileError("There is no such file or folder.", path)
    return registry.open_source(path)


def _common_frames(sources, skip_unreadable):
    """The one length of all videos."""
    lengths: dict[int, str] = {}
    for name, source in sources.items():
        for index, info in _infos(source, skip_unreadable):
            lengths.setdefault(info.num_frames, f"{name} {source.key(index)!r}")
    if len(lengths) != 1:
        shown = ", ".join(
            f"{n} frames: {who}" for n, who in sorted(lengths.items())[:4]
        )
        raise ValueError(
            "All videos must have the same number of frames; pass `num_frames` to take "
            f"the first so many of each. Received: {shown or 'no readable video'}"
        )
    return next(iter(lengths))


def _common_size(name, source, skip_unreadable):
    """The one size of all videos of a set."""
    sizes: dict[tuple[int, int], str] = {}
    for index, info in _infos(source, skip_unreadable):
        sizes.setdefault((info.height, info.width), source.key(index))
    if len(sizes) != 1:
        shown = ", ".join(
            f"{h}x{w}: {key!r}" for (h, w), key in list(sizes.items())[:4]
        )
        raise ValueError(
            f"All videos of `{name}` must have the same size; pass `size` to resize and "
            f"crop them. Received: {shown or 'no readable video'}"
        )
    return next(iter(sizes))


def _infos(source, skip_unreadable):
    for index in range(len(source)):
        try:
            yield index, source.info(index)
        except VideoFileError:
            if not skip_unreadable:
                raise


def _features(name, clips, measures, batch_size, progress):
    found = [np.zeros((0, 400), "float32")]
    for first in range(0, clips.count, batch_size):
        places = range(first, min(first + batch_size, clips.count))
        read = clips.read(places)
        if read is not None:
            count = len(read.video)
            # A batch that is smaller is filled up: a new shape would be compiled.
            fill = np.minimum(np.arange(batch_size), count - 1)
            found.append(measures.features(read.video[fill])[:count])
        progress(f"{name} videos", places.stop, clips.count)
    return np.concatenate(found)


def _floor(features, measures, frames):
    if len(features) < 4:
        return None
    halves = (measures.statistics(features[i::2], frames) for i in (0, 1))
    return frechet_video.compare(*halves).value
