"""A list of videos: CSV or JSON lines."""

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras_magvit.data.sources.files import ListedVideos, VideoEntry
from keras_magvit.data.sources.labels import number_labels
from keras_magvit.data.sources.walking import is_inside
from keras_magvit.io import VideoFileError
from keras_magvit.io.errors import reason
from keras_magvit.io.spans import Span

_COLUMNS = ("path", "label", "start", "end", "split")

# A line longer than this is no entry of a list.
_LONGEST_LINE = 2**16


@dataclass(frozen=True)
class _Row:
    path: str
    label: str | None
    start: float
    end: float | None
    split: str | None

    @property
    def key(self) -> str:
        whole = self.start == 0 and self.end is None
        end = "" if self.end is None else f"{self.end:g}"
        return self.path if whole else f"{self.path}#{self.start:g}-{end}"


class VideoList(ListedVideos):
    """The videos that a file lists.

    A .csv file has a first line with the names of its columns, a .jsonl file an object
    a line. `path` is needed; `label`, `start` and `end` (seconds) and `split` are not.
    Labels are names, or numbers from 0. A row that cannot be used is a problem of the
    source, by the number of its line.

    Args:
        path: the list.
        root: the folder that paths are relative to, and which they do not leave; None
            is the folder of the list.
        split: takes rows of this split, where there is such a column; None takes all.
        class_names: the classes by label; None takes the labels of all splits.
        default_frame_rate: frames a second of a file that does not say.

    Raises:
        VideoFileError: if the list cannot be read, or has no row that can be used.
        ValueError: for a label that is no class.

    Example:
        A list of two parts of one file and a whole one::

            path,label,start,end
            pets/a.mp4,dog,0,4.5
            pets/a.mp4,cat,4.5,9
            pets/b.webm,cat,,

        >>> with open("list.csv", "w") as file:
        ...     _ = file.write("path,label\\nvideos/cat/a.mp4,cat\\n")
        >>> km.data.VideoList("list.csv").class_names
        ('cat',)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        *,
        split: str | None = None,
        class_names: Sequence[str] | None = None,
        default_frame_rate: float = 8.0,
    ) -> None:
        self.path = os.fspath(path)
        self.root = os.path.dirname(self.path) if root is None else os.fspath(root)
        problems: dict[str, str] = {}
        rows = list(self._rows(problems))
        self.splits = tuple(dict.fromkeys(row.split for row in rows if row.split))
        names, labels = number_labels([row.label for row in rows], class_names)
        super().__init__(
            [
                VideoEntry(
                    row.key, Span(self._place(row.path)), label, row.start, row.end
                )
                for row, label in zip(rows, labels, strict=True)
                if split is None or row.split in (None, split)
            ],
            class_names=names,
            problems=problems,
            default_frame_rate=default_frame_rate,
        )
        if not len(self):
            why = next(iter(problems.values()), "It has no rows of the split.")
            raise VideoFileError(f"The list names no videos. {why}", self.path)

    def _rows(self, problems: dict[str, str]) -> Iterator[_Row]:
        """Rows that can be used, each key once."""
        seen, root = set(), os.path.realpath(self.root or ".")
        for number, fields in self._lines(problems):
            try:
                row = _row(fields)
                if row.key in seen:
                    raise ValueError("is listed twice")
                if not is_inside(os.path.realpath(self._place(row.path)), root):
                    raise ValueError(f"leaves the folder {self.root or '.'!r}")
            except ValueError as error:
                name = str(fields.get("path"))[:200]
                problems[self._line(number)] = f"The entry {name!r} {error}."
                continue
            seen.add(row.key)
            yield row

    def _lines(
        self, problems: dict[str, str]
    ) -> Iterator[tuple[int, Mapping[str, Any]]]:
        try:
            with open(self.path, encoding="utf-8-sig", newline="") as file:
                if self.path.lower().endswith(".csv"):
                    yield from self._csv_lines(file)
                else:
                    yield from self._json_lines(file, problems)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise VideoFileError(
                f"Cannot read the list: {reason(error)}.", self.path
            ) from error

    def _csv_lines(self, file: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
        reader = csv.DictReader(file, skipinitialspace=True)
        if "path" not in (reader.fieldnames or ()):
            raise VideoFileError(
                f"The first line must name the columns, with 'path' among "
                f"{', '.join(_COLUMNS)}; it has {reader.fieldnames}.",
                self.path,
            )
        for fields in reader:
            yield reader.line_num, fields

    def _json_lines(
        self, file: Any, problems: dict[str, str]
    ) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, line in enumerate(
            iter(lambda: file.readline(_LONGEST_LINE), ""), 1
        ):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError):
                fields = None
            if isinstance(fields, dict):
                yield number, fields
            else:
                problems[self._line(number)] = "The line is not a JSON object."

    def _line(self, number: int) -> str:
        return f"{os.path.basename(self.path)}:{number}"

    def _place(self, path: str) -> str:
        return os.path.join(self.root, path)


def _row(fields: Mapping[str, Any]) -> _Row:
    """Raises ValueError with the end of a sentence about the entry."""
    path = fields.get("path")
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise ValueError("has no path")
    start, end = _seconds(fields, "start"), _seconds(fields, "end")
    if end is not None and end <= (start or 0):
        raise ValueError(f"ends at {end:g} s, before it starts")
    label, split = fields.get("label"), fields.get("split")
    if not isinstance(label, (str, int, type(None))) or isinstance(label, bool):
        raise ValueError("has a label that is neither a name nor a whole number")
    return _Row(
        path.strip(),
        None if label is None else str(label),
        start or 0.0,
        end,
        None if split is None else str(split).strip() or None,
    )


def _seconds(fields: Mapping[str, Any], name: str) -> float | None:
    text = fields.get(name)
    if text is None or text == "":
        return None
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError(f"has a {name} that is no number of seconds")
    return value


def open_list(path: str, split: str, **options: Any) -> VideoList:
    """Opens a list for the table of datasets.

    Args:
        path: the list.
        split: takes the rows of this split; a list without the column is all "train".
        **options: of `VideoList`.

    Raises:
        ValueError: if there is no such split.
        VideoFileError: as `VideoList`.
    """
    found = VideoList(path, **options)
    if split not in (found.splits or ("train",)):
        raise ValueError(
            f"{path} has the splits {list(found.splits) or ['train']}. "
            f"Received: split={split!r}"
        )
    return VideoList(path, split=split, **options) if found.splits else found
