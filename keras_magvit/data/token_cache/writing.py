"""Tokenizes a dataset shard by shard, so that a run that was cut off can go on."""

import copy
import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.clip_dataset import ClipDataset
from keras_magvit.data.report import SkipReport
from keras_magvit.data.stream import Example, ExampleStream
from keras_magvit.data.token_cache import manifest as manifests
from keras_magvit.data.token_cache.manifest import Manifest, Shard, TokenCacheError
from keras_magvit.data.token_cache.planning import pixel_tasks, plan
from keras_magvit.data.token_cache.records import TokenRecord, write_records


def tokenize_dataset(
    tokenizer: Any,
    dataset: ClipDataset,
    folder: str | os.PathLike[str],
    tasks: Sequence[Any] | None = None,
    condition_frames: int = 1,
    *,
    epochs: int = 1,
    shards: int | None = None,
    batch_size: int = 8,
    num_workers: int = 2,
    processes: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Manifest:
    """Tokenizes every clip of a dataset once, and keeps ids, condition ids and labels.

    Called again after it was cut off, it keeps the shards that are finished and makes
    the others; the content is that of one uninterrupted run.

    Args:
        tokenizer: a `VideoTokenizer`.
        dataset: the clips. Of a training dataset the first `epochs * len(dataset)` are
            taken: random windows, crops and flips as its stream draws them.
        folder: where to; made if it is not there.
        tasks: names of tasks, or `VideoTask`s, whose condition videos are tokenized
            too; None takes all of the table. Tasks that give the same pixels share ids.
        condition_frames: frames given to tasks that start from whole frames.
        epochs: passes over a training dataset.
        shards: how many files; None takes one for every 4,096 clips.
        batch_size: clips tokenized at a time.
        num_workers: batches that are read at the same time.
        processes: whether they are read by processes instead of threads.
        progress: called with `(clips done, all clips)`.

    Returns:
        The `Manifest` of the finished cache.

    Raises:
        ValueError: for an argument out of its range, or a dataset that gives no clip.
        TokenCacheError: if the folder holds a cache that was made of something else.

    Example:
        >>> km.data.tokenize_dataset(tokenizer, dataset, "tokens/")  # doctest: +SKIP
    """
    writer = TokenCacheWriter(
        tokenizer,
        dataset,
        folder,
        tasks,
        condition_frames,
        epochs=epochs,
        shards=shards,
        batch_size=batch_size,
    )
    total = writer.manifest.num_clips
    for shard in writer.begin():
        first = writer.manifest.numbers(shard).start

        def tell(done: int, first: int = first) -> None:
            if progress is not None:
                progress(first + done, total)

        writer.write_shard(shard, tell, num_workers, processes)
    if progress is not None:
        progress(total, total)
    return writer.finish()


class TokenCacheWriter:
    """Writes the shards of one cache, in any order and in any number of processes.

    Args:
        tokenizer, dataset, folder, tasks, condition_frames, epochs, shards, batch_size:
            as in `tokenize_dataset`.

    Attributes:
        manifest: the plan; after `finish`, with its shards.

    Raises:
        ValueError: as `tokenize_dataset`.
    """

    def __init__(
        self,
        tokenizer: Any,
        dataset: ClipDataset,
        folder: str | os.PathLike[str],
        tasks: Sequence[Any] | None = None,
        condition_frames: int = 1,
        *,
        epochs: int = 1,
        shards: int | None = None,
        batch_size: int = 8,
    ) -> None:
        checks.at_least(1, batch_size=batch_size)
        given = pixel_tasks(tasks, condition_frames)
        self.manifest = plan(tokenizer, dataset, given, epochs, shards)
        self._tokenizer, self._dataset = tokenizer, dataset
        self._folder, self._batch_size = Path(folder), batch_size
        # One task for each condition; those that share it would give the same.
        by_place = {self.manifest.tasks[task.name]: task for task in given}
        self._conditions = [by_place[place] for place in range(len(by_place))]

    def begin(self) -> list[int]:
        """Lays the plan down, or finds the same one begun or finished.

        Returns:
            The shards that are missing.

        Raises:
            TokenCacheError: if the folder holds a cache made of something else, or a
                finished one that is damaged.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._folder / manifests.NAME).exists():
            manifests.write(self._folder, self.manifest)
        found = manifests.read(self._folder)
        changes = found.changes(self.manifest)
        if changes:
            raise TokenCacheError(
                "The folder holds a token cache that was made of something else; "
                "choose another folder, or remove it. Received: "
                f"folder={str(self._folder)!r}, where {'; '.join(changes)}"
            )
        if found.shards:
            for shard in found.shards:
                shard.verify(self._folder)
            self.manifest = found
            return []
        wanted = range(self.manifest.num_shards)
        return [shard for shard in wanted if not self._note(shard).exists()]

    def write_shard(
        self,
        shard: int,
        progress: Callable[[int], None] | None = None,
        num_workers: int = 0,
        processes: bool = False,
    ) -> None:
        """Makes one shard, under another name until it is whole.

        Args:
            shard: its number.
            progress: called with the clips of it that are done.
            num_workers, processes: as in `tokenize_dataset`.
        """
        clips = _Numbered(self._dataset, self.manifest.numbers(shard))
        size = min(self._batch_size, len(clips))
        batches = clips.batches(size, num_workers=num_workers, processes=processes)
        name = self.manifest.shard_name(shard)
        handle, temporary = tempfile.mkstemp(".tmp", f".{name}.", self._folder)
        os.close(handle)
        try:
            count = write_records(temporary, self._records(batches, size, progress))
            path = Path(temporary)
            finished = Shard(
                name,
                count,
                path.stat().st_size,
                manifests.file_hash(path),
                **clips.report.to_dict(),
            )
            path.chmod(0o666 & ~_umask())  # temporary files are private
            path.replace(self._folder / name)
        finally:
            Path(temporary).unlink(missing_ok=True)
        self._dataset.report.merge(clips.report)
        # The note comes last: a shard without one is made again.
        note = json.dumps(dataclasses.asdict(finished), indent=1)
        manifests.write_text(self._note(shard), note)

    def finish(self) -> Manifest:
        """Gathers the notes of all shards into the manifest.

        Raises:
            TokenCacheError: if a shard is missing.
            ValueError: if no clip could be read.
        """
        if self.manifest.shards:
            return self.manifest
        notes = [self._note(shard) for shard in range(self.manifest.num_shards)]
        missing = [note.name for note in notes if not note.exists()]
        if missing:
            raise TokenCacheError(
                f"{len(missing)} of {len(notes)} shards are missing. "
                f"Received: folder={str(self._folder)!r} without {missing[:3]}"
            )
        shards = tuple(Shard(**json.loads(note.read_text())) for note in notes)
        if not any(shard.count for shard in shards):
            raise ValueError(
                "The dataset must give at least one clip. Received: "
                f"dataset={self._dataset.name!r}. {self._dataset.report}"
            )
        self.manifest = dataclasses.replace(self.manifest, shards=shards)
        manifests.write(self._folder, self.manifest)
        for left in [*notes, *self._folder.glob(".tokens-*.tmp")]:
            left.unlink(missing_ok=True)
        return self.manifest

    def _note(self, shard: int) -> Path:
        name = self.manifest.shard_name(shard)
        return self._folder / name.replace(".array_record", ".json")

    def _records(
        self,
        batches: Iterator[Example],
        size: int,
        progress: Callable[[int], None] | None,
    ) -> Iterator[bytes]:
        layout, done = self.manifest.layout, 0
        for batch in batches:
            ids = self._tokenized(batch["video"], size)
            for place, key in enumerate(batch["key"]):
                number, label = (int(batch[k][place]) for k in ("number", "label"))
                yield layout.pack(TokenRecord(number, label, ids[place], str(key)))
            done += len(batch["key"])
            if progress is not None:
                progress(done)

    def _tokenized(self, video: np.ndarray, size: int) -> np.ndarray:
        """uint16 `(B, 1 + conditions, t, h, w)`."""
        from keras import ops

        # A last batch is filled up: a compiled encoder sees one shape.
        short = size - len(video)
        filled = np.concatenate([video, np.repeat(video[-1:], short, axis=0)])
        shape = self.manifest.latent_shape
        videos = [filled]
        videos += [t.condition(filled, shape).video for t in self._conditions]
        encoded = [self._tokenizer.encode(each) for each in videos]
        ids = [ops.convert_to_numpy(each).astype(np.uint16) for each in encoded]
        return np.stack(ids, axis=1)[: len(video)]


class _Numbered(ExampleStream):
    """A run of the clips of a dataset, each with its number and key."""

    training = False

    def __init__(self, dataset: ClipDataset, numbers: range) -> None:
        # A report of its own, so that a shard's does not depend on earlier ones.
        self._dataset, self._numbers = copy.copy(dataset), numbers
        self._dataset.report = self.report = SkipReport()
        self.strict = dataset.strict

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def spec(self) -> dict[str, tuple[tuple[int, ...], str]]:
        return self._dataset.spec

    def raw_example(self, number: int) -> Example:
        number = self._numbers[number]
        example = self._dataset.raw_example(number)
        key = self._dataset.key(number)
        return {**example, "number": np.int64(number), "key": np.array(key)}

    def finish(self, arrays: Example) -> Example:
        return self._dataset.finish(arrays)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
