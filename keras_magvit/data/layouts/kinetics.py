"""Kinetics-600: mp4 files of 10 seconds, and a table of their classes.

    annotations/train.csv or .txt    label,youtube_id,time_start,time_end,split
    annotations/val.csv or .txt
    train/, val/                     flat, or one folder a class

File names begin with the 11 characters of the YouTube id, `ID_000012_000022.mp4`. Many
of the listed videos are gone from YouTube, so that no copy has all of them. Where there
is a folder for each class, the tables may be missing.
"""

import csv
import os
from collections.abc import Iterator, Mapping

from keras_magvit.data.layouts.listing import (
    ListedVideo,
    Listing,
    first_of,
    read_text,
    refuse_missing,
)
from keras_magvit.io import VideoFileError

HINT = (
    "Kinetics-600 is listed at https://github.com/cvdfoundation/kinetics-dataset: its "
    "scripts k600_downloader.sh and k600_extractor.sh make a folder k600 with "
    "annotations/, train/ and val/."
)

# Our name of a split -> what copies call it.
SPLITS = {"train": ("train",), "validation": ("val", "validation", "validate")}
_SUFFIXES = (".mp4", ".webm", ".mkv", ".avi", ".mov")
_ID_LENGTH = 11
_COLUMNS = ["label", "youtube_id", "time_start", "time_end", "split"]


def list_videos(root: str) -> Listing:
    """Lists the videos that are both in the tables and in the folders.

    Args:
        root: the folder.

    Returns:
        The listing, splits "train" and "validation"; classes by alphabet.

    Raises:
        VideoFileError: if a folder or table is missing, or no video is there.
    """
    folders = {s: first_of(root, names) for s, names in SPLITS.items()}
    missing = [f"{SPLITS[s][0]}/" for s, found in folders.items() if not found]
    files = {s: dict(_files(root, f)) for s, f in folders.items() if f is not None}
    tables = {s: first_of(root, _table_names(names)) for s, names in SPLITS.items()}
    for split, table in tables.items():
        if table is None and not _have_classes(files.get(split, {})):
            missing.append(f"annotations/{SPLITS[split][0]}.csv")
    refuse_missing(root, missing, HINT)
    names: set[str] = set()
    splits, absent = {}, {}
    for split, table in tables.items():
        there = files[split]
        labels: Mapping[str, str]
        if table is None:
            labels = {name: path.split("/")[1] for name, path in there.items()}
        else:
            labels = _read_table(root, table)
        names.update(labels.values())
        splits[split] = tuple(
            ListedVideo(f"{split}/{name}", (there[name],), labels[name])
            for name in sorted(there.keys() & labels.keys())
        )
        for name in sorted(labels.keys() - there.keys()):
            absent[f"{split}/{name}"] = "The table lists it and the folder lacks it."
        if not splits[split]:
            raise VideoFileError(
                f"None of the {len(labels)} videos of {table} is in "
                f"{folders[split]}/. {HINT}",
                root,
            )
    return Listing(splits, tuple(sorted(names)), absent=absent)


def _have_classes(files: Mapping[str, str]) -> bool:
    """Whether every video lies in the folder of a class."""
    return bool(files) and all(path.count("/") == 2 for path in files.values())


def _table_names(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        for suffix in (".csv", ".txt"):
            yield f"annotations/{name}{suffix}"
            yield f"{name}{suffix}"
            yield f"kinetics600/{name}{suffix}"
            yield f"annotations/kinetics-600_{name}{suffix}"


def _read_table(root: str, table: str) -> Mapping[str, str]:
    """YouTube id -> class."""
    rows = [row for row in csv.reader(read_text(root, table).splitlines()) if row]
    columns = [name.strip() for name in rows[0]] if rows else []
    if "youtube_id" in columns:
        rows = rows[1:]
    else:
        columns = _COLUMNS  # copies without a first line
    try:
        label, name = columns.index("label"), columns.index("youtube_id")
        return {row[name].strip(): row[label].strip() for row in rows}
    except (ValueError, IndexError) as error:
        raise VideoFileError(
            f"The table must have the columns {', '.join(_COLUMNS)}.",
            os.path.join(root, table),
        ) from error


def _files(root: str, folder: str) -> Iterator[tuple[str, str]]:
    """`(YouTube id, path below the root)` of the videos of a split."""
    for path, _, names in os.walk(os.path.join(root, folder)):
        place = os.path.relpath(path, root).replace(os.sep, "/")
        for name in names:
            if name.lower().endswith(_SUFFIXES) and len(name) > _ID_LENGTH:
                yield name[:_ID_LENGTH], f"{place}/{name}"
