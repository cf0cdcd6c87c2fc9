"""TensorFlow Datasets (TFDS), imported when first needed, and what it says of videos."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from keras_magvit.data.sources.tfrecords import TFRecords

_INSTALL = 'Install it with: pip install "keras-magvit[data]"'


def import_tfds() -> ModuleType:
    """Returns `tensorflow_datasets`.

    Raises:
        ImportError: if it is missing; the text has the pip line.
    """
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ImportError(
            f"Datasets of TFDS need tensorflow-datasets. {_INSTALL}"
        ) from error
    return tensorflow_datasets


def open_builder(folder: str | os.PathLike[str]) -> Any:
    """Returns a read-only builder of a prepared dataset.

    Args:
        folder: of one version, the one that holds `dataset_info.json`.

    Raises:
        ValueError: if the folder holds no prepared dataset.
    """
    folder = os.path.expanduser(folder)
    if not os.path.isfile(os.path.join(folder, "dataset_info.json")):
        raise ValueError(
            "folder must be a version of a prepared TFDS dataset, with "
            f"dataset_info.json in it. Received: folder={folder!r}"
        )
    return import_tfds().builder_from_directory(folder)


@dataclass(frozen=True)
class Field:
    """A feature as it is stored in an example.

    Args:
        name: its key: names of nested features are joined by "/".
        feature: the TFDS feature; of a sequence, that of its elements.
        in_sequence: whether it is a sequence.
        length: of the sequence; None where it differs from example to example.
    """

    name: str
    feature: Any
    in_sequence: bool = False
    length: int | None = None


def fields(features: Any) -> Iterator[Field]:
    """Yields the fields of a dataset; sequences within sequences are left out."""
    return _fields(features, Field("", None))


def _fields(feature: Any, outer: Field) -> Iterator[Field]:
    kinds = import_tfds().features
    if isinstance(feature, kinds.FeaturesDict):
        for name, inner in feature.items():
            path = f"{outer.name}/{name}" if outer.name else name
            inside = Field(path, None, outer.in_sequence, outer.length)
            yield from _fields(inner, inside)
    elif isinstance(feature, kinds.Sequence):
        if not outer.in_sequence:
            length = feature._length
            inside = Field(outer.name, None, True, length)
            yield from _fields(feature.feature, inside)
    else:
        yield Field(outer.name, feature, outer.in_sequence, outer.length)


def is_frames(field: Field) -> bool:
    """Whether a field is a sequence of 8-bit images."""
    image = isinstance(field.feature, import_tfds().features.Image)
    return image and field.in_sequence and field.feature.np_dtype == np.uint8


def is_class(field: Field) -> bool:
    """Whether a field is one class label."""
    label = isinstance(field.feature, import_tfds().features.ClassLabel)
    return label and not field.in_sequence


def open_records(builder: Any, split: str) -> tuple[Any, int]:
    """Returns the serialized examples of a split, by number, and how many there are.

    Args:
        builder: of a prepared dataset, in ArrayRecord or TFRecord files.
        split: a split or a part of one, e.g. "train[:100]".

    Raises:
        ValueError: if there is no such split, or the files are of another format.
        ImportError: if the files are ArrayRecord and `array_record` is missing.
    """
    try:
        part = builder.info.splits[split]
        instructions = part.file_instructions
    except (KeyError, ValueError, AssertionError) as error:
        raise ValueError(
            f"split must be one of {sorted(builder.info.splits)}, or a part of one. "
            f"Received: split={split!r}"
        ) from error
    kind = builder.info.file_format.value
    if kind == "tfrecord":
        return TFRecords(instructions), part.num_examples
    if kind != "array_record":
        raise ValueError(
            "The dataset must be in ArrayRecord or TFRecord files: prepare it with "
            f'file_format="array_record". Received: file_format={kind!r}'
        )
    try:
        from array_record.python.array_record_data_source import ArrayRecordDataSource
    except ImportError as error:
        raise ImportError(
            f"ArrayRecord files need the package array_record. {_INSTALL}"
        ) from error
    return ArrayRecordDataSource(instructions), part.num_examples
