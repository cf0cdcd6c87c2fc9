"""Videos that a builder has listed and looked at."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_magvit.data import tfds
from keras_magvit.data.source import UNLABELLED, VideoInfo
from keras_magvit.data.sources.files import VideoEntry, VideoFiles
from keras_magvit.io import VideoFileError
from keras_magvit.io.folders import read_frame
from keras_magvit.io.limits import MAX_FRAME_PIXELS
from keras_magvit.io.spans import Span

_METADATA = ("root", "class_names", "absent")

# Rows of the table that are read at a time.
_CHUNK = 4096


class PreparedVideos(VideoFiles):
    """One split of what `data.builders` prepared, read from the original files.

    Lengths and sizes come from the table: opening a dataset opens none of its videos.
    Videos that could not be read then, or that the annotations name and the folder
    lacked, are `problems`.

    Args:
        folder: of the prepared dataset, with `dataset_info.json`.
        split: "train" or "validation".
        root: where the videos lie; None is where they were when it was prepared.

    Raises:
        VideoFileError: if the folder holds no such dataset, or the videos have moved.
        ValueError: if there is no such split.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        split: str = "train",
        root: str | os.PathLike[str] | None = None,
    ) -> None:
        folder = os.fspath(folder)
        metadata, rows = _read(folder, split)
        self.root = metadata["root"] if root is None else os.fspath(root)
        if not os.path.isdir(self.root):
            raise VideoFileError(
                "The folder with the videos is not there; pass `root` if it has moved.",
                self.root,
            )
        problems = {row["key"]: row["problem"] for row in rows if row["problem"]}
        super().__init__(
            class_names=metadata["class_names"],
            problems={**metadata["absent"], **problems},
        )
        # Hundreds of thousands of videos: arrays and plain texts, no object for each.
        rows = [row for row in rows if not row["problem"]]
        places = {name: label for label, name in enumerate(self.class_names)}
        self._keys = [row["key"] for row in rows]
        self._files = ["\n".join(row["files"]) for row in rows]
        labels = [places.get(row["label"], UNLABELLED) for row in rows]
        self._labels = np.array(labels, np.int32)
        sizes = [(row["num_frames"], row["height"], row["width"]) for row in rows]
        self._sizes = np.array(sizes, np.int32).reshape(-1, 3)
        self._rates = np.array([row["frame_rate"] for row in rows])

    def __len__(self) -> int:
        return len(self._keys)

    def entry(self, index: int) -> VideoEntry:
        file = Span(self._paths(index)[0])
        return VideoEntry(self._keys[index], file, int(self._labels[index]))

    def info(self, index: int) -> VideoInfo:
        count, height, width = self._sizes[index].tolist()
        return VideoInfo(count, height, width, float(self._rates[index]))

    def iter_frames(self, index: int, indices: Sequence[int]) -> Iterator[np.ndarray]:
        paths = self._paths(index)
        if len(paths) == 1:
            yield from super().iter_frames(index, indices)
            return
        shape = tuple(self._sizes[index, 1:])
        for number in indices:
            frame = read_frame(paths[number], MAX_FRAME_PIXELS)
            if frame.shape[:2] != shape:
                raise VideoFileError("The frames differ in size.", paths[number])
            yield frame

    def _paths(self, index: int) -> list[str]:
        """The video file, or the image files of its frames."""
        files = self._files[index].split("\n")
        return [os.path.join(self.root, *file.split("/")) for file in files]


def _read(folder: str, split: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The metadata, and the rows of a split by their keys."""
    try:
        text = (Path(folder) / "metadata.json").read_text()
        metadata = {key: json.loads(text)[key] for key in _METADATA}
        builder = tfds.open_builder(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        name = Path(folder).parent.name
        raise VideoFileError(
            "The dataset is not prepared here; "
            f"`keras-magvit data prepare {name}` does it.",
            folder,
        ) from error
    if split not in builder.info.splits:
        raise ValueError(
            f"The splits are {sorted(builder.info.splits)}. Received: split={split!r}"
        )
    records, count = tfds.open_records(builder, split)
    rows = []
    for first in range(0, count, _CHUNK):
        chunk = records.__getitems__(range(first, min(first + _CHUNK, count)))
        rows += [_row(record) for record in chunk]
    return metadata, sorted(rows, key=lambda row: row["key"])


def _row(record: bytes) -> dict[str, Any]:
    """Ten times as fast as TFDS's own parser, which matters for 400,000 videos."""
    from tensorflow_datasets.proto import tf_example_pb2

    fields = tf_example_pb2.Example.FromString(record).features.feature
    row: dict[str, Any] = {
        name: fields[name].bytes_list.value[0].decode()
        for name in ("key", "label", "problem")
    }
    for name in ("num_frames", "height", "width"):
        row[name] = fields[name].int64_list.value[0]
    row["frame_rate"] = fields["frame_rate"].float_list.value[0]
    row["files"] = [file.decode() for file in fields["files"].bytes_list.value]
    if any({"", ".."} & set(file.split("/")) for file in row["files"]):
        raise VideoFileError("The table names a file outside the root.", row["key"])
    return row
