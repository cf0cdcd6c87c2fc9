"""Simulated videos on disk: chunks that processes render side by side.

A chunk is an .npz file of consecutive videos, and appears whole or not at all: what a
killed run leaves is used by the next, and asking for more renders only what is missing.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.processes import DataProcesses
from keras_magvit.data.simulation.client import import_pybullet
from keras_magvit.data.simulation.episode import CONFIGS, SPLITS, Episode, simulate
from keras_magvit.io.atomic import write_file

# Raised when the same arguments no longer give the same pixels.
VERSION = "1.0.0"


@dataclass(frozen=True)
class Chunks:
    """The rendered videos of one split.

    Args:
        folder: where the chunks lie.
        seed: of the simulation, at least 0.
        split: "train" or "validation".
        config: "fixed" or "varied".
        size: videos of a chunk; always the same in one folder.

    Raises:
        ValueError: for an argument out of its range.
    """

    folder: Path
    seed: int
    split: str
    config: str
    size: int = 16

    def __post_init__(self) -> None:
        checks.at_least(0, seed=self.seed)
        checks.at_least(1, size=self.size)
        checks.one_of(split=(self.split, SPLITS), config=(self.config, CONFIGS))

    def path(self, number: int) -> Path:
        """Where chunk `number` lies, whether or not it is there."""
        kind = f"{self.config}-{self.seed}-{VERSION}"
        return Path(self.folder) / kind / f"{self.split}-{number:05d}.npz"

    def missing(self, count: int) -> list[int]:
        """Which chunks the first `count` videos still need."""
        needed = range(-(-count // self.size))
        return [number for number in needed if not self.path(number).exists()]

    def render(
        self,
        count: int,
        num_workers: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Renders what is missing of the first `count` videos.

        Args:
            count: how many videos there shall be, at least 1.
            num_workers: processes; None takes as many as there are cores.
            progress: called with the number of videos done, whenever that has changed.

        Raises:
            ImportError: if PyBullet is missing; the text has the pip line.
        """
        checks.at_least(1, count=count)
        numbers = self.missing(count)
        done = -(-count // self.size) - len(numbers)
        report = progress or (lambda videos: None)
        report(min(done * self.size, count))
        if not numbers:
            return
        import_pybullet()  # A missing package is told here, not by a worker.
        self.path(0).parent.mkdir(parents=True, exist_ok=True)
        for _ in _unordered(self._write, numbers, num_workers):
            done += 1
            report(min(done * self.size, count))

    def _write(self, number: int) -> None:
        videos = range(number * self.size, (number + 1) * self.size)
        episodes = [simulate(self.seed, self.split, self.config, i) for i in videos]
        columns: dict[str, Any] = {
            field.name: np.stack([getattr(e, field.name) for e in episodes])
            for field in fields(Episode)
        }

        def save(path: str) -> None:
            with open(path, "wb") as file:
                np.savez_compressed(file, **columns)

        write_file(str(self.path(number)), save, overwrite=True)

    def episodes(self, count: int) -> Iterator[Episode]:
        """Yields the first `count` videos, which `render` has made.

        Raises:
            FileNotFoundError: if a chunk is missing.
        """
        for number in range(-(-count // self.size)):
            with np.load(self.path(number), allow_pickle=False) as archive:
                columns = {field.name: archive[field.name] for field in fields(Episode)}
            for i in range(min(self.size, count - number * self.size)):
                yield Episode(**{name: column[i] for name, column in columns.items()})


def _unordered(
    work: Callable[[int], None], numbers: list[int], num_workers: int | None
) -> Iterator[None]:
    """Does a work for each number, and yields whenever one is done."""
    count = min(num_workers or _cores(), len(numbers))
    if count == 1:
        for number in numbers:
            work(number)
            yield
        return
    pool = DataProcesses(count)
    try:
        for future in as_completed([pool.submit(work, n) for n in numbers]):
            future.result()
            yield
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
