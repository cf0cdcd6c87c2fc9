"""A look at every video of a folder before anything is trained on it."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from keras_magvit.data import checks, windows
from keras_magvit.data.registry import open_source
from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.io import VideoFileError

# How many names a printed report shows.
_SHOWN = 20


@dataclass(frozen=True)
class SurveyedVideo:
    """One video that can be read.

    Args:
        key: its name in the source.
        info: its length, size and rate.
        label: its class, or -1.
    """

    key: str
    info: VideoInfo
    label: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.info.num_frames / self.info.frame_rate


@dataclass
class Survey:
    """What `check` found.

    Attributes:
        videos: those that can be read, in the order of the source.
        unreadable: key -> one line that says what is wrong.
        class_names: the classes, by label.
        num_frames: T of the clips that are counted.
        stride: of these clips.

    Example:
        >>> survey = km.data.check(MovingShapes(4, num_frames=20))
        >>> len(survey.videos)
        4
    """

    videos: list[SurveyedVideo] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    num_frames: int = 16
    stride: int = 1

    @property
    def short(self) -> list[str]:
        """The videos that are shorter than a clip."""
        return [video.key for video in self.videos if not self._starts(video)]

    @property
    def num_windows(self) -> int:
        """Different clips: the places in all videos where one can start."""
        return sum(self._starts(video) for video in self.videos)

    @property
    def num_disjoint(self) -> int:
        """Clips that share no frame."""
        span = (self.num_frames - 1) * self.stride + 1
        return sum(video.info.num_frames // span for video in self.videos)

    def _starts(self, video: SurveyedVideo) -> int:
        return windows.num_starts(video.info.num_frames, self.num_frames, self.stride)

    def to_dict(self) -> dict[str, Any]:
        """Returns the survey as plain data, for JSON."""
        return {
            "videos": [
                {"key": video.key, **vars(video.info), "label": video.label}
                for video in self.videos
            ],
            "unreadable": dict(sorted(self.unreadable.items())),
            "short": self.short,
            "class_names": list(self.class_names),
            "clips": {
                "num_frames": self.num_frames,
                "stride": self.stride,
                "videos": len(self.videos) - len(self.short),
                "windows": self.num_windows,
                "disjoint": self.num_disjoint,
            },
        }

    def __str__(self) -> str:
        rows = [("videos", f"{len(self.videos)} readable, {len(self.unreadable)} not")]
        if self.videos:
            seconds = [video.seconds for video in self.videos]
            rows += [
                (
                    "duration",
                    f"{_spread(seconds, '.2f')} s, {sum(seconds):.1f} s in all",
                ),
                ("frames", _spread([v.info.num_frames for v in self.videos], "g")),
                ("size", _most(f"{v.info.width}x{v.info.height}" for v in self.videos)),
                ("rate", _most(f"{v.info.frame_rate:.3g}/s" for v in self.videos)),
            ]
        if self.class_names:
            counts = Counter(video.label for video in self.videos)
            names = [self.class_names[v.label] for v in self.videos if v.label >= 0]
            unlabelled = counts[UNLABELLED]
            rest = f", {unlabelled} without a class" if unlabelled else ""
            rows.append(("classes", f"{len(self.class_names)}: {_most(names)}{rest}"))
        usable = len(self.videos) - len(self.short)
        rows.append(
            (
                f"{self.num_frames} frames, stride {self.stride}",
                f"{usable} videos long enough, {self.num_windows} windows, "
                f"{self.num_disjoint} that share no frame",
            )
        )
        lines = [f"{name:24}{text}" for name, text in rows]
        problems = [*sorted(self.unreadable.items())]
        problems += [(key, "shorter than a clip") for key in self.short]
        lines += [f"  {key}: {why}" for key, why in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            lines.append(f"  and {len(problems) - _SHOWN} more")
        return "\n".join(lines)


def check(
    folder: str | os.PathLike[str] | VideoSource,
    num_frames: int = 16,
    stride: int = 1,
    *,
    split: str = "train",
    data_dir: str | os.PathLike[str] | None = None,
    decode: bool = True,
    num_workers: int = 2,
    progress: Callable[[str, int, int], None] | None = None,
    **options: Any,
) -> Survey:
    """Reads every video, and reports what a training would meet.

    Args:
        folder: a folder, or whatever else `open_source` opens; or a source.
        num_frames: T of the clips to count.
        stride: of these clips.
        split: as in `open_source`.
        data_dir: as in `open_source`.
        decode: decode every frame; otherwise only what tells length and size is read,
            and damage further on goes unseen.
        num_workers: threads that read; 0 reads without.
        progress: called with `("check", done, total)`.
        **options: of the source.

    Returns:
        The survey: print it, or take `to_dict()`.

    Raises:
        ValueError: for an argument out of its range.
        VideoFileError: if there is no video at all.

    Example:
        >>> print(check(MovingDigits(4, num_frames=20)))
        videos                  4 readable, 0 not
        ...
        16 frames, stride 1     4 videos long enough, 20 windows, 4 that share no frame
    """
    checks.at_least(1, num_frames=num_frames, stride=stride)
    checks.at_least(0, num_workers=num_workers)
    if isinstance(folder, VideoSource):
        source = folder
    else:
        source = open_source(folder, split, data_dir, **options)
    survey = Survey(
        unreadable=dict(source.problems),
        class_names=source.class_names,
        num_frames=num_frames,
        stride=stride,
    )

    def read(index: int) -> SurveyedVideo | VideoFileError:
        return _read(source, index, decode)

    with ThreadPoolExecutor(max(1, num_workers)) as executor:
        mapped = executor.map if num_workers else map
        for done, found in enumerate(mapped(read, range(len(source)))):
            if isinstance(found, VideoFileError):
                survey.unreadable[source.key(done)] = found.message
            else:
                survey.videos.append(found)
            if progress is not None:
                progress("check", done + 1, len(source))
    return survey


def _read(
    source: VideoSource, index: int, decode: bool
) -> SurveyedVideo | VideoFileError:
    try:
        info = source.info(index)
        if decode:
            for _ in source.iter_frames(index, range(info.num_frames)):
                pass  # one at a time: a long video does not fit into memory
    except VideoFileError as error:
        return error
    return SurveyedVideo(source.key(index), info, source.label(index))


def _spread(values: list[Any], form: str) -> str:
    low, middle, high = min(values), median(values), max(values)
    return f"{low:{form}} to {high:{form}}, median {middle:{form}}"


def _most(texts: Iterable[str]) -> str:
    """The most common texts, with their counts."""
    counts = Counter(texts)
    shown = ", ".join(f"{text} ({count})" for text, count in counts.most_common(5))
    return shown + (f" and {len(counts) - 5} more" if len(counts) > 5 else "")
