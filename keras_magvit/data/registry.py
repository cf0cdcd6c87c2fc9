"""Datasets by name, and anything that a path can name."""

import glob
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_magvit.data.clip_dataset import ClipDataset
from keras_magvit.data.source import VideoSource

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class DatasetEntry:
    """A dataset that has a name.

    What it needs is imported when it is opened, so that the table costs nothing.

    Args:
        name: what it is called.
        description: one line for the table.
        open: "module:function"; the function takes `split`, `data_dir` and the
            dataset's own options and returns a `VideoSource`.
        prepare: "module:function" of `data_dir`, `progress` (`(label, done, total)` or
            None) and options, which downloads, converts or renders what `open` reads.
            None for a dataset that needs no preparation.
        evaluation: options of `ClipDataset` in evaluation, as the paper counts clips.
        splits: the splits there are.
        other_names: names that find it too.
    """

    name: str
    description: str
    open: str
    prepare: str | None = None
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    splits: tuple[str, ...] = (TRAIN, VALIDATION)
    other_names: tuple[str, ...] = ()


_SOURCES = "keras_magvit.data.sources"
_PREPARING = "keras_magvit.data.builders.preparing"
_PUBLISHED = "keras_magvit.data.builders.published"
_PUSHING = "keras_magvit.data.builders.simulated_pushing"

TABLE = (
    DatasetEntry(
        "moving_digits",
        "handwritten digits that bounce in a box; drawn, 10 classes",
        f"{_SOURCES}.digits:open_digits",
        splits=(TRAIN, VALIDATION, TEST),
    ),
    DatasetEntry(
        "moving_shapes",
        "coloured shapes on simple paths; drawn, 16 classes",
        f"{_SOURCES}.shapes:open_shapes",
        splits=(TRAIN, VALIDATION, TEST),
    ),
    DatasetEntry(
        "simulated_pushing",
        "a simulated robot arm moves things in a tray, 64 x 64, 30 frames; 8 classes",
        f"{_PUSHING}:open_simulated_pushing",
        f"{_PUSHING}:prepare_simulated_pushing",
        {"windows_per_video": "first"},
    ),
    DatasetEntry(
        "simulated_pushing_varied",
        "the same with varied camera, light and tray",
        f"{_PUSHING}:open_simulated_pushing_varied",
        f"{_PUSHING}:prepare_simulated_pushing_varied",
        {"windows_per_video": "first"},
    ),
    # Evaluation clips: arXiv:2212.05199, appendix B.3. UCF-101 and web videos are
    # measured against random clips.
    DatasetEntry(
        "bair",
        "a robot arm pushes objects, 64 x 64, 30 frames; downloaded, 30 GB",
        f"{_PUBLISHED}:open_bair",
        f"{_PUBLISHED}:prepare_bair",
        {"windows_per_video": "first"},
        (TRAIN, TEST),
        ("bair_robot_pushing_small",),
    ),
    DatasetEntry(
        "ucf101",
        "human actions, 101 classes; downloaded, 7 GB",
        f"{_PUBLISHED}:open_ucf101",
        f"{_PUBLISHED}:prepare_ucf101",
        splits=(TRAIN, TEST),
    ),
    DatasetEntry(
        "kinetics600",
        "human actions, 600 classes; fetched by hand",
        f"{_PREPARING}:open_kinetics600",
        f"{_PREPARING}:prepare_kinetics600",
        {"windows_per_video": 2, "crops_per_video": 3},
    ),
    DatasetEntry(
        "ssv2",
        "Something-Something v2, hands and objects, 174 classes; fetched by hand",
        f"{_PREPARING}:open_ssv2",
        f"{_PREPARING}:prepare_ssv2",
        {"windows_per_video": 2},
    ),
    DatasetEntry(
        "nuscenes",
        "driving, the front camera, 32 frames; fetched by hand",
        f"{_PREPARING}:open_nuscenes",
        f"{_PREPARING}:prepare_nuscenes",
        {"windows_per_video": 16, "crops_per_video": 3},
    ),
    DatasetEntry(
        "objectron",
        "a camera goes round an object, 9 classes; fetched by hand",
        f"{_PREPARING}:open_objectron",
        f"{_PREPARING}:prepare_objectron",
        {"windows_per_video": 5},
    ),
    DatasetEntry(
        "web",
        "tar shards of one's own, train-*.tar and validation-*.tar",
        f"{_PREPARING}:open_web",
    ),
)

# What else opens: suffix of the path -> "module:function" of `(path, split, **options)`.
_BY_SUFFIX = {
    ".csv": f"{_SOURCES}.lists:open_list",
    ".jsonl": f"{_SOURCES}.lists:open_list",
    ".tar": f"{_SOURCES}.shards:open_shards",
    ".npz": f"{_SOURCES}.array_files:open_array_file",
    ".npy": f"{_SOURCES}.array_files:open_array_file",
    ".h5": f"{_SOURCES}.array_files:open_array_file",
    ".hdf5": f"{_SOURCES}.array_files:open_array_file",
}
_FOLDER = f"{_SOURCES}.folder:open_folder"


def names() -> tuple[str, ...]:
    """Returns the names of the datasets, in the order of the table."""
    return tuple(entry.name for entry in TABLE)


def find(name: str) -> DatasetEntry | None:
    """Returns the entry of a name, or None."""
    found = (e for e in TABLE if name == e.name or name in e.other_names)
    return next(found, None)


def open_source(
    name_or_path: str | os.PathLike[str],
    split: str = TRAIN,
    data_dir: str | os.PathLike[str] | None = None,
    **options: Any,
) -> VideoSource:
    """Opens a dataset by name, or videos by path.

    Args:
        name_or_path: a name that `names()` lists; a folder of videos; a list of videos
            (.csv, .jsonl); a tar shard, or a pattern of shards ("web-*.tar"); an array
            file (.npz, .npy, .h5, .hdf5). A name wins over a path of the same spelling.
        split: "train", "validation" or "test". A folder with sub-folders of these names
            is split by them.
        data_dir: where prepared datasets lie; None takes the usual place.
        **options: of the source.

    Returns:
        The source.

    Raises:
        ValueError: if nothing has that name, or there is no such split.
        VideoFileError: if the path cannot be read.

    Example:
        >>> source = km.data.open_source("moving_digits", size=(32, 32))
    """
    place = os.fspath(name_or_path)
    entry = find(place)
    if entry is not None:
        if split not in entry.splits:
            raise ValueError(
                f"{place} has the splits {list(entry.splits)}. Received: split={split!r}"
            )
        return _load(entry.open)(split=split, data_dir=data_dir, **options)
    opener = _opener_of(place)
    if opener is None:
        raise ValueError(
            f"A dataset must be one of {list(names())}, or the path of a folder, a list "
            "(.csv, .jsonl), tar shards, or an array file (.npz, .npy, .h5). "
            f"Received: name_or_path={place!r}"
        )
    return _load(opener)(place, split=split, **options)


def _opener_of(path: str) -> str | None:
    if os.path.isdir(path):
        return _FOLDER
    suffix = os.path.splitext(path)[1].lower()
    found = os.path.lexists(path) or (suffix == ".tar" and glob.glob(path))
    return _BY_SUFFIX.get(suffix) if found else None


def clips(
    name_or_path: str | os.PathLike[str],
    split: str = TRAIN,
    num_frames: int = 16,
    size: tuple[int, int] = (64, 64),
    training: bool | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    source_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> ClipDataset:
    """Opens a dataset by name or path as clips.

    Args:
        name_or_path: as in `open_source`.
        split: "train", "validation" or "test".
        num_frames: T.
        size: `(H, W)`.
        training: an endless random stream, or fixed clips in order; None is training
            for the split "train". Fixed clips of a named dataset are counted as in the
            paper, unless the options say otherwise.
        data_dir: where prepared datasets lie; None takes the usual place.
        source_options: options of the source.
        **options: of `ClipDataset`.

    Returns:
        The clips.

    Raises:
        ValueError, VideoFileError: as `open_source` and `ClipDataset`.

    Example:
        >>> dataset = clips("moving_digits", size=(32, 32))
        >>> dataset.example(0)["video"].shape
        (16, 32, 32, 3)
    """
    source = open_source(name_or_path, split, data_dir, **(source_options or {}))
    place = os.fspath(name_or_path)
    training = split == TRAIN if training is None else training
    entry = find(place)
    if entry is not None and not training:
        options = {**entry.evaluation, **options}
    options.setdefault("name", f"{place}/{split}")
    return ClipDataset(
        source, num_frames=num_frames, size=size, training=training, **options
    )


def prepare(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    **options: Any,
) -> None:
    """Downloads, converts or renders what a dataset is read from.

    Args:
        name: a name that `names()` lists.
        data_dir: where prepared datasets lie; None takes the usual place.
        progress: called with `(label, done, total)`.
        **options: of the dataset's preparation.

    Raises:
        ValueError: if there is no such dataset.
        VideoFileError: if files are missing that have to be fetched by hand; the text
            names them and where to put them.

    Example:
        >>> km.data.prepare("simulated_pushing", "data/")  # doctest: +SKIP
    """
    entry = find(name)
    if entry is None:
        raise ValueError(
            f"A dataset must be one of {list(names())}. Received: name={name!r}"
        )
    if entry.prepare is not None:
        _load(entry.prepare)(data_dir=data_dir, progress=progress, **options)


def _load(place: str) -> Callable[..., Any]:
    module, function = place.split(":")
    return getattr(importlib.import_module(module), function)
