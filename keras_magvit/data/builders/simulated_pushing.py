"""The TFDS builder of simulated pushing: renders what is missing, writes ArrayRecord."""

import dataclasses
import io
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from keras_magvit.data import simulation
from keras_magvit.data.places import data_folder
from keras_magvit.data.simulation.chunks import VERSION, Chunks
from keras_magvit.data.tfds import open_builder
from keras_magvit.io.dependencies import import_image

NAME = "simulated_pushing"


@dataclasses.dataclass(kw_only=True)
class PushingConfig(tfds.core.BuilderConfig):
    """What is rendered, and how much of it.

    Args:
        look: "fixed" or "varied" camera, light and tray.
        seed: of the simulation.
        counts: videos of each split.
        workers: processes that render; None takes as many as there are cores.
        chunks: where rendered chunks are kept.
    """

    look: str
    seed: int
    counts: dict[str, int]
    workers: int | None
    chunks: Path


class SimulatedPushing(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A robot arm of primitives pushes, circles, sweeps and lifts things in a tray.

    Thirty frames of 64x64, rendered with PyBullet. Eight classes, scripted and exactly
    balanced. The videos come in order: video `i` has the label `i % 8`.

    Attributes:
        progress: called with `(label, done, total)` while videos are rendered.
    """

    name = NAME
    VERSION = tfds.core.Version(VERSION)
    RELEASE_NOTES: ClassVar[dict[str, str]] = {VERSION: "First release."}
    progress: Callable[[str, int, int], None] | None = None

    def _info(self) -> tfds.core.DatasetInfo:
        frame = (simulation.SIZE, simulation.SIZE, 3)
        count = simulation.NUM_FRAMES
        features = {
            # A sequence of images: `tfds.features.Video` needs TensorFlow, even to read.
            "video": tfds.features.Sequence(
                tfds.features.Image(shape=frame, encoding_format="png"), length=count
            ),
            "action": tfds.features.Tensor(
                shape=(count, 4),
                dtype=np.float32,
                doc="Step to the next frame, dx, dy, dz in metres, and the gripper: "
                "1 closed, 0 open.",
            ),
            "hand": tfds.features.Tensor(
                shape=(count, 3), dtype=np.float32, doc="Where the fingers are, metres."
            ),
            "label": tfds.features.ClassLabel(names=simulation.MOTIONS),
            "displacement": tfds.features.Scalar(
                np.float32, doc="How far the object that moved most was moved, metres."
            ),
            "moved": tfds.features.Scalar(
                np.bool_, doc=f"Whether that is more than {simulation.MOVED} metres."
            ),
            "eye": tfds.features.Tensor(
                shape=(3,), dtype=np.float32, doc="Where the camera stands, metres."
            ),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("video", "label"),
            license="Apache-2.0; see docs/simulated_pushing.md of keras-magvit",
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(seed=self.builder_config.seed),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        del dl_manager  # nothing is downloaded
        return {
            split: self._generate_examples(split, count)
            for split, count in self.builder_config.counts.items()
        }

    def _generate_examples(
        self, split: str, count: int
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        config = self.builder_config
        chunks = Chunks(config.chunks, config.seed, split, config.look)
        chunks.render(
            count, config.workers, lambda n: self._report(f"render {split}", n, count)
        )
        for index, episode in enumerate(chunks.episodes(count)):
            self._report(f"write {split}", index + 1, count)
            yield index, _example(episode)

    def _report(self, label: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(label, done, total)


def _example(episode: simulation.Episode) -> dict[str, Any]:
    fields = dataclasses.asdict(episode)
    return {
        **fields,
        "video": [_png(frame) for frame in episode.video],
        "moved": bool(episode.displacement > simulation.MOVED),
    }


def _png(frame: np.ndarray) -> io.BytesIO:
    """An encoded frame, so that TFDS does not ask TensorFlow for it."""
    file = io.BytesIO()
    import_image().fromarray(frame).save(file, "PNG")
    file.seek(0)
    return file


def prepare_simulated_pushing(
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    config: str = "fixed",
    num_train: int = 2000,
    num_validation: int = 256,
    seed: int = 0,
    workers: int | None = None,
) -> str:
    """Renders simulated pushing and writes it as a TFDS dataset.

    What is there already is kept: a run that was killed goes on where it was, and more
    videos are added to those rendered before. Nothing is done where all are there.

    Args:
        data_dir: where datasets lie; None takes `data_folder()`.
        progress: called with `(label, done, total)`; None draws a bar on a terminal.
        config: "fixed", or "varied" camera, light and tray.
        num_train: training videos, at least 1; multiples of 8 are exactly balanced.
        num_validation: held-out videos, at least 1.
        seed: at least 0; each seed is a dataset of its own.
        workers: processes that render; None takes as many as there are cores.

    Returns:
        The folder of the dataset, which `TfdsVideos` reads.

    Raises:
        ValueError: for an argument out of its range.
        ImportError: if PyBullet is missing; the text has the pip line.
    """
    counts = {"train": num_train, "validation": num_validation}
    for split in counts:
        Chunks(Path(), seed, split, config)  # refuses what is out of range
    root = Path(data_folder() if data_dir is None else data_dir).expanduser()
    place = dataset_folder(root, config, seed)
    there = _counts(place)
    if all(there.get(split, 0) >= count for split, count in counts.items()):
        return str(place)
    settings = PushingConfig(
        name=place.parent.name,
        description=f"{config} camera, light and tray; seed {seed}",
        look=config,
        seed=seed,
        counts={s: max(count, there.get(s, 0)) for s, count in counts.items()},
        workers=workers,
        chunks=root / "chunks" / NAME,
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    # Written aside, then put in the place of the smaller one.
    aside = root / f".{NAME}.{secrets.token_hex(6)}.partial"
    try:
        builder = SimulatedPushing(
            data_dir=aside, config=settings, file_format="array_record"
        )
        builder.progress = progress
        builder.download_and_prepare()
        if place.exists():
            place.rename(aside / "old")
        Path(builder.data_dir).rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return str(place)


def dataset_folder(root: Path, config: str, seed: int) -> Path:
    """Where a dataset lies below `root`, whether or not it is there."""
    name = config if seed == 0 else f"{config}_seed{seed}"
    return root / NAME / name / VERSION


def _counts(place: Path) -> dict[str, int]:
    """How many videos each split of a dataset has; empty if it is not there."""
    if not (place / "dataset_info.json").exists():
        return {}
    splits = open_builder(place).info.splits
    return {name: split.num_examples for name, split in splits.items()}
