"""Videos that a builder has listed and looked at."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_magvit.data.source import UNLABELLED, VideoInfo
from keras_magvit.data.sources.files import ListedVideos, VideoEntry
from keras_magvit.data.tfds import import_tfds
from keras_magvit.io import VideoFileError
from keras_magvit.io.folders import read_frame
from keras_magvit.io.limits import MAX_FRAME_PIXELS
from keras_magvit.io.spans import Span


class PreparedVideos(ListedVideos):
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
        names = metadata["class_names"]
        places = {name: label for label, name in enumerate(names)}
        self._rows = [row for row in rows if not row["problem"]]
        problems = {row["key"]: row["problem"] for row in rows if row["problem"]}
        super().__init__(
            [
                VideoEntry(
                    row["key"],
                    Span(self._paths(row)[0]),
                    places.get(row["label"], UNLABELLED),
                )
                for row in self._rows
            ],
            class_names=names,
            problems={**metadata["absent"], **problems},
        )

    def info(self, index: int) -> VideoInfo:
        row = self._rows[index]
        size = (row["num_frames"], row["height"], row["width"])
        return VideoInfo(*size, row["frame_rate"])

    def iter_frames(self, index: int, indices: Sequence[int]) -> Iterator[np.ndarray]:
        row = self._rows[index]
        if len(row["files"]) == 1:
            yield from super().iter_frames(index, indices)
            return
        paths = self._paths(row)
        for number in indices:
            frame = read_frame(paths[number], MAX_FRAME_PIXELS)
            if frame.shape[:2] != (row["height"], row["width"]):
                raise VideoFileError("The frames differ in size.", paths[number])
            yield frame

    def _paths(self, row: dict[str, Any]) -> list[str]:
        return [os.path.join(self.root, *file.split("/")) for file in row["files"]]


def _read(folder: str, split: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The metadata, and the rows of a split by their keys."""
    tfds = import_tfds()
    try:
        metadata = json.loads((Path(folder) / "metadata.json").read_text())
        builder = tfds.builder_from_directory(folder)
    except (OSError, ValueError, tfds.core.DatasetNotFoundError) as error:
        raise VideoFileError(
            "The dataset is not prepared here; `keras-magvit data prepare` does it.",
            folder,
        ) from error
    if split not in builder.info.splits:
        raise ValueError(
            f"The splits are {sorted(builder.info.splits)}. Received: split={split!r}"
        )
    rows = [_plain(row) for row in builder.as_data_source(split)]
    return metadata, sorted(rows, key=lambda row: row["key"])


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    texts = {name: row[name].decode() for name in ("key", "label", "problem")}
    numbers = {name: int(row[name]) for name in ("num_frames", "height", "width")}
    files = [file.decode() for file in row["files"]]
    return {**texts, **numbers, "files": files, "frame_rate": float(row["frame_rate"])}
