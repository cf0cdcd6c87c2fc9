"""Trains from a token cache: the stream of a dataset, with ids in place of video."""

import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_magvit.data import checks
from keras_magvit.data.randomness import video_order
from keras_magvit.data.report import SkipReport
from keras_magvit.data.stream import Example, ExampleStream
from keras_magvit.data.token_cache import identity
from keras_magvit.data.token_cache import manifest as manifests
from keras_magvit.data.token_cache.manifest import TokenCacheError
from keras_magvit.data.token_cache.planning import pixel_tasks
from keras_magvit.data.token_cache.records import TokenRecord, open_records


class TokenCache(ExampleStream):
    """Examples that `tokenize_dataset` made: ids, condition ids of each task, labels.

    `MAGVIT.fit` and `evaluate` take it in place of the dataset, and refuse one that was
    made with another tokenizer or lacks a task of the model.

    Example `n` of the training stream is a pure function of `(seed, n)`, as in
    `ClipDataset`; the stream has no end. Otherwise there are the clips of the cache, in
    the order of the dataset.

    Args:
        folder: of the cache.
        training: an endless stream, or the clips once.
        seed: of the shuffled order.
        shuffle: False gives the training clips in the dataset's own order, which is
            random already where that was a training dataset.
        verify: compare the checksum of every shard. Without it only sizes are looked
            at, and damage is noticed when a record is read.

    Attributes:
        manifest: what the cache was made of.
        report: `SkipReport` of the videos that gave no clip.
        latent_shape: `(t, h, w)`.
        tasks: names of the tasks whose conditions are there.
        class_names: the classes, by label.

    Raises:
        TokenCacheError: if the cache is missing, unfinished or damaged.

    Example:
        >>> km.data.tokenize_dataset(model.tokenizer, dataset, "tokens")
        >>> model.fit(km.data.TokenCache("tokens"), batch_size=64)
    """

    strict = True

    def __init__(
        self,
        folder: str | os.PathLike[str],
        training: bool = True,
        seed: int = 0,
        *,
        shuffle: bool = True,
        verify: bool = True,
    ) -> None:
        checks.at_least(0, seed=seed)
        self._folder = Path(folder)
        self.training, self.seed, self.shuffle = training, seed, shuffle
        self.manifest = manifests.read(self._folder)
        if not self.manifest.shards:
            raise TokenCacheError(
                "The token cache is not finished; `tokenize_dataset` with the same "
                f"arguments goes on with it. Received: folder={str(self._folder)!r}"
            )
        self.report = SkipReport()
        for shard in self.manifest.shards:
            shard.verify(self._folder, content=verify)
            self.report.merge(SkipReport(shard.unreadable, shard.short))
        self.latent_shape = self.manifest.latent_shape
        self.tasks = tuple(self.manifest.tasks)
        self.class_names = tuple(self.manifest.dataset["class_names"])
        self._ends = np.cumsum([shard.count for shard in self.manifest.shards])
        self._layout = self.manifest.layout
        self._readers: dict[int, Any] = {}
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_readers": {}, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 for unlabelled videos."""
        return len(self.class_names)

    @property
    def spec(self) -> dict[str, Any]:
        """The shape and dtype of `ids`, of each task in `cond_ids`, and of `label`."""
        ids = (tuple(self.latent_shape), "int32")
        return {
            "ids": ids,
            "cond_ids": dict.fromkeys(self.tasks, ids),
            "label": ((), "int32"),
        }

    def record(self, index: int) -> TokenRecord:
        """Returns clip `index` of the cache as it is stored, with its key.

        Raises:
            TokenCacheError: if its shard was damaged since the cache was opened.
        """
        if not 0 <= index < len(self):
            raise ValueError(
                f"index must be in [0, {len(self)}). Received: index={index}"
            )
        shard = int(np.searchsorted(self._ends, index, side="right"))
        first = int(self._ends[shard - 1]) if shard else 0
        try:
            (data,) = self._reader(shard).read([index - first])
            return self._layout.unpack(data)
        except (RuntimeError, ValueError, IndexError) as error:
            name = self.manifest.shards[shard].name
            raise TokenCacheError(
                f"The shard is damaged: {error}. Received: {name!r}"
            ) from error

    def raw_example(self, number: int) -> Example:
        index = number
        if self.training:
            epoch, index = divmod(number, len(self))
            if self.shuffle:
                index = int(video_order(self.seed, epoch, len(self))[index])
        record = self.record(index)
        conditions = {
            name: record.ids[1 + place] for name, place in self.manifest.tasks.items()
        }
        label = np.int32(record.label)
        return {"ids": record.ids[0], "cond_ids": conditions, "label": label}

    def finish(self, arrays: Example) -> Example:
        """Brings ids to int32."""
        conditions = arrays["cond_ids"]
        return {
            **arrays,
            "ids": arrays["ids"].astype(np.int32),
            "cond_ids": {k: ids.astype(np.int32) for k, ids in conditions.items()},
        }

    def check(
        self,
        tokenizer: Any,
        tasks: Sequence[Any] | None = None,
        condition_frames: int = 1,
        dataset: Any = None,
    ) -> None:
        """Refuses a cache that is stale for what is to be trained.

        A cache made in another precision is not: weights and config must be the same.

        Args:
            tokenizer: the `VideoTokenizer` of the model.
            tasks: names of tasks, or `VideoTask`s, that must be there; None asks for
                none.
            condition_frames: as in `tokenize_dataset`.
            dataset: the `ClipDataset`, to see whether videos or settings have changed
                since; None does not look.

        Raises:
            TokenCacheError: with the reason.
        """
        made = self.manifest
        lines = _stale(
            "tokenizer",
            made.tokenizer,
            identity.of_tokenizer(tokenizer),
            ("weights", "config"),
        )
        if dataset is not None:
            lines += _stale("dataset", made.dataset, identity.of_dataset(dataset))
        lines += self._stale_tasks(pixel_tasks(tasks or (), condition_frames))
        if lines:
            raise TokenCacheError(
                "The token cache is stale; tokenize again. Received: "
                f"folder={str(self._folder)!r}, where {'; '.join(lines)}"
            )

    def _stale_tasks(self, tasks: Iterable[Any]) -> list[str]:
        data, lines = self.manifest.dataset, []
        video_shape = (data["num_frames"], *data["size"])
        for task in tasks:
            if task.name not in self.manifest.tasks:
                lines.append(
                    f"task {task.name!r} is missing: the cache has {sorted(self.tasks)}"
                )
                continue
            made = self.manifest.conditions[self.manifest.tasks[task.name]]
            if made != identity.of_condition(task, video_shape):
                lines.append(
                    f"task {task.name!r} was given other pixels (another region, "
                    "padding, or number of condition frames)"
                )
        return lines

    def _reader(self, shard: int) -> Any:
        with self._lock:
            if shard not in self._readers:
                path = self._folder / self.manifest.shards[shard].name
                self._readers[shard] = open_records(str(path))
            return self._readers[shard]


def _stale(
    what: str,
    made: dict[str, Any],
    given: dict[str, Any],
    keys: Sequence[str] | None = None,
) -> list[str]:
    return [f"{what} {line}" for line in identity.differences(made, given, keys)]
