"""Videos of a dataset that TensorFlow Datasets (TFDS) has prepared."""

import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.source import UNLABELLED, VideoInfo, VideoSource
from keras_magvit.data.sources.tfrecords import TFRecords
from keras_magvit.io import VideoFileError
from keras_magvit.io.dependencies import import_image
from keras_magvit.io.video import to_rgb8


class TfdsVideos(VideoSource):
    """Random access to a prepared TFDS dataset, in ArrayRecord or TFRecord files.

    Nothing is decoded by TensorFlow, and only the frames that are asked for are decoded.

    Args:
        folder: the folder of one version, which holds `dataset_info.json`; or a builder.
        split: a split, or a part of one: "train", "train[:100]", "test[50%:]".
        video: the feature with the frames, e.g. "image_aux1"; None takes the only one.
        label: the feature with the class; None takes the only one, if there is one.
        frame_rate: frames a second, which TFDS does not know.

    Raises:
        ValueError: if there is no such split or feature, or no single one.
        ImportError: if `tensorflow-datasets` is missing; the text has the pip line.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | Any,
        split: str = "train",
        video: str | None = None,
        label: str | None = None,
        frame_rate: float = 8.0,
    ) -> None:
        checks.at_least(1e-3, frame_rate=frame_rate)
        tfds = import_tfds()
        if isinstance(folder, (str, os.PathLike)):
            builder = _open_builder(tfds, os.fspath(folder))
        else:
            builder = folder
        self._name = f"{builder.info.full_name} {split}"
        self._split, self._rate = split, frame_rate
        # TFDS keeps the fields of a sequence of dicts side by side, as flat names.
        features = _flat(builder.info.features)
        sequences = {n: f for n, f in features.items() if _is_frames(tfds, f)}
        classes = {
            n: f for n, f in features.items() if isinstance(f, tfds.features.ClassLabel)
        }
        self._video = _choose("video", video, sequences)
        self._shape = _frame_shape(sequences[self._video])
        self._length = _length(builder.info.features, self._video)
        self._label, self._class_names = None, ()
        if classes or label is not None:
            self._label = _choose("label", label, classes)
            names = classes[self._label].names
            self._class_names = tuple(name.replace("_", " ") for name in names)
        self._records, self._count = _open_records(builder, split)
        self._last: tuple[int, Any] | None = None
