"""Preparing simulated pushing, and opening it.

The functions are what `data.registry` names.
"""

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from keras_magvit.data import checks
from keras_magvit.data.places import data_folder
from keras_magvit.data.simulation import CONFIGS, FRAME_RATE, SPLITS, VERSION, Chunks
from keras_magvit.data.source import VideoSource
from keras_magvit.data.sources.tfds_videos import TfdsVideos
from keras_magvit.data.tfds import import_tfds, open_builder
from keras_magvit.io import VideoFileError

_NAME = "simulated_pushing"

Progress = Callable[[str, int, int], None]


def prepare_simulated_pushing(
    data_dir: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    *,
    config: str = "fixed",
    num_train: int = 2000,
    num_validation: int = 256,
    seed: int = 0,
    num_workers: int | None = None,
) -> str:
    """Renders simulated pushing and writes it as a TFDS dataset.

    What is there already is kept: a run that was killed goes on where it was, and more
    videos are added to those rendered before. Nothing is done where all are there.

    Args:
        data_dir: where prepared datasets lie; None takes the usual place.
        progress: called with `(label, done, total)`.
        config: "fixed", or "varied" camera, light and tray.
        num_train: training videos, at least 1; multiples of 8 are exactly balanced.
        num_validation: held-out videos, at least 1.
        seed: at least 0; each seed is a dataset of its own.
        num_workers: processes that render; None takes as many as there are cores.

    Returns:
        The folder of the dataset, which `TfdsVideos` reads.

    Raises:
        ValueError: for an argument out of its range.
        ImportError: if PyBullet or TFDS is missing; the text has the pip line.
    """
    checks.at_least(1, num_train=num_train, num_validation=num_validation)
    if num_workers is not None:
        checks.at_least(1, num_workers=num_workers)
    root, place = _places(data_dir, config, seed)
    there = _counts(place)
    counts = {"train": num_train, "validation": num_validation}
    counts = {split: max(n, there.get(split, 0)) for split, n in counts.items()}
    if counts == there:
        return str(place)
    import_tfds()
    folder = root / "chunks" / _NAME
    parts = {s: (Chunks(folder, seed, s, config), n) for s, n in counts.items()}
    for split, (chunks, count) in parts.items():
        label = f"render {split}"
        chunks.render(count, num_workers, partial(_report, progress, label, count))
    _write(place, parts, f"{config} camera, light and tray; seed {seed}", progress)
    return str(place)


def _report(progress: Progress | None, label: str, total: int, done: int) -> None:
    if progress is not None:
        progress(label, done, total)


def _write(
    place: Path,
    parts: dict[str, tuple[Chunks, int]],
    description: str,
    progress: Progress | None,
) -> None:
    """Writes a dataset aside, then puts it in the place of a smaller one."""
    import tensorflow_datasets as tfds

    from keras_magvit.data.builders import pushing_builder

    config, name = place.parent, place.parent.parent
    config.mkdir(parents=True, exist_ok=True)
    aside = name.parent / f".{name.name}.{secrets.token_hex(6)}.partial"
    try:
        builder = pushing_builder.SimulatedPushing(
            data_dir=aside,
            config=pushing_builder.PushingConfig(
                name=config.name, description=description, parts=parts
            ),
            file_format="array_record",
        )
        builder.progress = progress
        tfds.disable_progress_bar()
        with contextlib.redirect_stdout(sys.stderr):  # where TFDS says what it does
            builder.download_and_prepare()
        if place.exists():
            place.rename(aside / "old")
        Path(builder.data_dir).rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def open_simulated_pushing(
    split: str = "train",
    data_dir: str | os.PathLike[str] | None = None,
    *,
    config: str = "fixed",
    num_videos: int | None = None,
    seed: int = 0,
) -> VideoSource:
    """Opens a split of what `prepare_simulated_pushing` has written.

    Args:
        split: "train" or "validation".
        data_dir: as there.
        config: as there.
        num_videos: the first so many of the split; all, if there are fewer or it is
            None. So one setting does for a large split and a small one.
        seed: as there.

    Returns:
        The source: videos of 30 frames of 64x64, of the classes
        `data.simulation.MOTIONS`.

    Raises:
        ValueError: for an argument out of its range.
        VideoFileError: if it is not prepared; the text has the command.
    """
    checks.one_of(split=(split, SPLITS))
    _, place = _places(data_dir, config, seed)
    if not (place / "dataset_info.json").exists():
        name = _NAME if config == "fixed" else f"{_NAME}_{config}"
        raise VideoFileError(
            "The dataset is not prepared here; "
            f"`keras-magvit data prepare {name}` does it.",
            place,
        )
    if num_videos is not None:
        checks.at_least(1, num_videos=num_videos)
    source = TfdsVideos(place, split, frame_rate=FRAME_RATE)
    if num_videos is None or num_videos >= len(source):
        return source
    return TfdsVideos(place, f"{split}[:{num_videos}]", frame_rate=FRAME_RATE)


def _places(
    data_dir: str | os.PathLike[str] | None, config: str, seed: int
) -> tuple[Path, Path]:
    """The folder of all datasets, and of this one, whether or not it is there."""
    checks.one_of(config=(config, CONFIGS))
    checks.at_least(0, seed=seed)
    root = Path(data_folder() if data_dir is None else data_dir).expanduser()
    name = config if seed == 0 else f"{config}_seed{seed}"
    return root, root / _NAME / name / VERSION


def _counts(place: Path) -> dict[str, int]:
    """How many videos each split of a dataset has; empty if it is not there."""
    if not (place / "dataset_info.json").exists():
        return {}
    splits = open_builder(place).info.splits
    return {name: split.num_examples for name, split in splits.items()}


# The second configuration, as a dataset of its own name.
prepare_simulated_pushing_varied = partial(prepare_simulated_pushing, config="varied")
open_simulated_pushing_varied = partial(open_simulated_pushing, config="varied")
