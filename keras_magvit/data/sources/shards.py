"""Tar shards of videos, as WebDataset writes them."""

import glob
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from keras_magvit.data.sources.files import ListedVideos, VideoEntry
from keras_magvit.data.sources.labels import number_labels
from keras_magvit.io import VideoFileError
from keras_magvit.io.errors import reason
from keras_magvit.io.kinds import VIDEO_SUFFIXES
from keras_magvit.io.spans import Span

# What stands beside a video: its class as text, or an object that has it.
_CLASS, _OBJECT = ".cls", ".json"
_MOST_LABEL_BYTES = 2**20


@dataclass
class _Sample:
    """The members of one name: its videos by suffix, and its label."""

    videos: dict[str, Span] = field(default_factory=dict)
    label: str | None = None


class TarShards(ListedVideos):
    """Videos in uncompressed tar files, read in place; nothing is extracted.

    The headers of every shard are read once, when the source is made. Members of the
    same name up to the first dot belong together: `0001.mp4` has the class that
    `0001.cls` holds as text, or `0001.json` under `label_field`.

    Args:
        shards: a path, a pattern such as "web-*.tar", or paths.
        label_field: of .json members.
        class_names: the classes by label; None takes those that occur.
        default_frame_rate: frames a second of a file that does not say.

    Raises:
        VideoFileError: if there are no shards, or no videos in them.
        ValueError: for a label that is no class.

    Example:
        >>> source = km.data.TarShards("web/web-*.tar")
    """

    def __init__(
        self,
        shards: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        label_field: str = "label",
        class_names: Sequence[str] | None = None,
        default_frame_rate: float = 8.0,
    ) -> None:
        paths = _shard_paths(shards)
        problems: dict[str, str] = {}
        found: list[tuple[str, Span, str | None]] = []
        for path, name in zip(paths, _short_names(paths), strict=True):
            samples = _read_shard(path, name, label_field, problems)
            found += _videos(samples, name)
        if not found:
            why = next(iter(problems.values()), "")
            raise VideoFileError(f"The shards hold no videos. {why}", paths[0])
        names, labels = number_labels([label for *_, label in found], class_names)
        super().__init__(
            [
                VideoEntry(key, file, label)
                for (key, file, _), label in zip(found, labels, strict=True)
            ],
            class_names=names,
            problems=problems,
            default_frame_rate=default_frame_rate,
        )


def _shard_paths(shards: Any) -> list[str]:
    if not isinstance(shards, (str, os.PathLike)):
        paths = sorted(os.fspath(path) for path in shards)
    elif os.path.lexists(shards):
        paths = [os.fspath(shards)]
    else:
        paths = sorted(glob.glob(os.fspath(shards)))
    if not paths:
        raise VideoFileError("There is no such shard.", str(shards))
    return paths


def _short_names(paths: Sequence[str]) -> list[str]:
    """Names of shards in keys: relative to the folder that they share."""
    shared = os.path.dirname(paths[0])
    if len(paths) > 1:
        shared = os.path.commonpath([os.path.dirname(p) or "." for p in paths])
    return [os.path.relpath(p, shared or ".").replace(os.sep, "/") for p in paths]


def _read_shard(
    path: str, name: str, label_field: str, problems: dict[str, str]
) -> dict[str, _Sample]:
    samples: dict[str, _Sample] = {}
    try:
        size = os.path.getsize(path)
        with tarfile.open(path, "r:") as shard:
            for member in _members(shard):
                key = f"{name}/{member.name}"
                stem, suffix = _split(member.name)
                last = os.path.splitext(suffix)[1] or suffix
                if member.offset_data + member.size > size:
                    problems[key] = "The shard is cut: the member ends beyond it."
                elif last in VIDEO_SUFFIXES:
                    videos = samples.setdefault(stem, _Sample()).videos
                    if suffix in videos:
                        problems[key] = "The shard holds the member twice."
                        continue
                    videos[suffix] = Span(path, member.offset_data, member.size, key)
                elif suffix in (_CLASS, _OBJECT):
                    sample = samples.setdefault(stem, _Sample())
                    try:
                        sample.label = (
                            _label(shard, member, label_field) or sample.label
                        )
                    except ValueError as error:
                        problems[key] = f"The label cannot be read: {reason(error)}."
    except (OSError, tarfile.TarError) as error:
        problems[name] = (
            f"Cannot read the shard to its end: {reason(error)}. Compressed shards "
            "cannot be sought in and must be unpacked to .tar first."
        )
    return samples


def _members(shard: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Regular files; links and devices are passed over."""
    for member in shard:
        hidden = os.path.basename(member.name).startswith(".")
        if member.isreg() and not member.issparse() and not hidden:
            yield member
        # The list that tarfile keeps of all members would only grow.
        shard.members = []  # type: ignore[attr-defined]


def _split(name: str) -> tuple[str, str]:
    """A member's name up to the first dot of its last part, and the rest."""
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".")
    return folder + slash + stem, (dot + suffix).lower()


def _label(shard: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> str | None:
    if member.size > _MOST_LABEL_BYTES:
        raise ValueError(f"it has {member.size} bytes")
    file = shard.extractfile(member)
    text = file.read().decode("utf-8") if file else ""
    if member.name.lower().endswith(_CLASS):
        return text.strip() or None
    try:
        label = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    label = label.get(name) if isinstance(label, dict) else None
    if isinstance(label, bool) or not isinstance(label, (str, int, type(None))):
        raise ValueError(f"{name!r} is neither a name nor a whole number")
    return None if label is None else str(label)


def _videos(
    samples: dict[str, _Sample], shard: str
) -> Iterator[tuple[str, Span, str | None]]:
    for stem, sample in samples.items():
        for suffix, file in sample.videos.items():
            yield f"{shard}/{stem}{suffix}", file, sample.label


def open_shards(path: str, split: str, **options: Any) -> TarShards:
    """Opens shards for the table of datasets; their names may tell the split.

    Args:
        path: a path or pattern.
        split: where the name of a shard starts with "train", "validation" (or "val")
            or "test", takes those of the split; otherwise all are "train".
        **options: of `TarShards`.

    Raises:
        ValueError: if there is no such split.
        VideoFileError: as `TarShards`.
    """
    marks = {"train": "train", "validation": "val", "test": "test"}
    splits: dict[str, list[str]] = {}
    for shard in _shard_paths(path):
        name = os.path.basename(shard).lower()
        found = [s for s, mark in marks.items() if name.startswith(mark)]
        splits.setdefault(found[0] if found else "train", []).append(shard)
    if split not in splits:
        raise ValueError(
            f"{path} has the splits {list(splits)}. Received: split={split!r}"
        )
    return TarShards(splits[split], **options)
