"""Videos of a dataset that TensorFlow Datasets (TFDS) has prepared."""

import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_magvit.data import checks, tfds
from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.io import VideoFileError
from keras_magvit.io.animations import image_pixels, open_image
from keras_magvit.io.dependencies import import_image
from keras_magvit.io.limits import MAX_FRAME_PIXELS, check_frame_size


class TfdsVideos(VideoSource):
    """Random access to a prepared TFDS dataset, in ArrayRecord or TFRecord files.

    TensorFlow reads nothing of it, and no more frames are decoded than are asked for.

    Args:
        folder: the folder of one version, which holds `dataset_info.json`.
        split: a split, or a part of one: "train", "train[:100]", "test[50%:]".
        video: the feature with the frames, e.g. "image_aux1"; None takes the only one.
        label: the feature with the class; None takes the only one, if there is one.
        frame_rate: frames a second, which TFDS does not know.

    Raises:
        ValueError: if the folder, the split or a feature is not there, or None was left
            to choose among several.
        ImportError: if `tensorflow-datasets` is missing; the text has the pip line.

    Example:
        >>> videos = TfdsVideos("data/bair_robot_pushing_small/2.0.0", video="image_aux1")
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        split: str = "train",
        video: str | None = None,
        label: str | None = None,
        frame_rate: float = 8.0,
    ) -> None:
        checks.at_least(1e-3, frame_rate=frame_rate)
        builder = tfds.open_builder(folder)
        fields = list(tfds.fields(builder.info.features))
        self._video = _choose("video", video, filter(tfds.is_frames, fields))
        classes = [field for field in fields if tfds.is_class(field)]
        self._label: str | None = None
        self._class_names: tuple[str, ...] = ()
        if classes or label is not None:
            field = _choose("label", label, classes)
            self._label, self._class_names = field.name, tuple(field.feature.names)
        self._records, self._count = tfds.open_records(builder, split)
        self._name, self._split = builder.info.full_name, split
        self._written = os.stat(builder.data_dir).st_mtime_ns
        self._frame_rate = frame_rate

    def __len__(self) -> int:
        return self._count

    def key(self, index: int) -> str:
        return f"{self._split}/{index:08d}"

    def fingerprint(self, index: int) -> str:
        return f"{self._name} {self._video.name} {self._written} {self.key(index)}"

    @property
    def class_names(self) -> tuple[str, ...]:
        return self._class_names

    def label(self, index: int) -> int:
        if self._label is None:
            return UNLABELLED
        values = self._example(index)[self._label].int64_list.value
        return int(values[0]) if values else UNLABELLED

    def info(self, index: int) -> VideoInfo:
        length, (height, width, _) = self._video.length, self._video.feature.shape
        if length is None or height is None or width is None:
            encoded = self._encoded(index)
            length = len(encoded)
            height, width = self._decode(index, encoded[0]).shape[:2]
        return VideoInfo(length, height, width, self._frame_rate)

    def frames(self, index: int, indices: Sequence[int]) -> np.ndarray:
        encoded = self._encoded(index)
        if indices and not 0 <= indices[0] <= indices[-1] < len(encoded):
            raise VideoFileError(
                f"The video has {len(encoded)} frames, not the frames "
                f"{indices[0]} to {indices[-1]}.",
                self.key(index),
            )
        frames = [self._decode(index, encoded[i]) for i in indices]
        if any(frame.shape != frames[0].shape for frame in frames):
            raise VideoFileError("The frames differ in size.", self.key(index))
        return np.stack(frames)

    def _example(self, index: int) -> Any:
        """The stored fields of an example, frames still encoded."""
        from tensorflow_datasets.proto import tf_example_pb2

        if not 0 <= index < self._count:
            raise IndexError(f"index must be in [0, {self._count}). Received: {index}")
        try:
            example = tf_example_pb2.Example.FromString(self._records[index])
        # Each reader has errors of its own for a file that is damaged.
        except Exception as error:
            raise VideoFileError(
                f"Damaged record: {type(error).__name__}.", self.key(index)
            ) from error
        return example.features.feature

    def _encoded(self, index: int) -> Sequence[bytes]:
        encoded = self._example(index)[self._video.name].bytes_list.value
        if not encoded:
            raise VideoFileError("The video has no frames.", self.key(index))
        return encoded

    def _decode(self, index: int, encoded: bytes) -> np.ndarray:
        """One frame, uint8 `(H, W, 3)`."""
        key = self.key(index)
        file = io.BytesIO(encoded)
        with open_image(import_image(), file, key, ["PNG", "JPEG"]) as image:
            check_frame_size(image.height, image.width, MAX_FRAME_PIXELS, key)
            return image_pixels(image, key)


def _choose(argument: str, name: str | None, fields: Any) -> tfds.Field:
    """The field of a name, or the only one."""
    found = {field.name: field for field in fields}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        raise ValueError(
            f"{argument} must be one of the dataset's features {sorted(found)}. "
            f"Received: {argument}={name!r}"
        )
    return found[name]
