"""Streams of examples: in batches, and as each framework wants them."""

import abc
from collections.abc import Iterator
from typing import Any

from keras_magvit.data import checks, workers
from keras_magvit.data.report import SkipReport

Example = dict[str, Any]  # arrays by name, or such dicts


class ExampleStream(abc.ABC):
    """Numbered examples, and their delivery in batches.

    A subclass implements `raw_example`, `__len__` and `spec`, and can be pickled.
    Example `n` depends on nothing but `n`, so any number of workers delivers the same
    stream, and a stream resumed at `start` is the rest of an uninterrupted one.

    Attributes:
        training: whether the stream is endless; otherwise it has `len(stream)` examples.
        strict: whether an example that cannot be read is an error.
        report: `SkipReport` of what could not be used.
    """

    training: bool
    strict: bool
    report: SkipReport

    @abc.abstractmethod
    def __len__(self) -> int:
        """Examples of an epoch."""

    @abc.abstractmethod
    def raw_example(self, number: int) -> Example:
        """Returns example `number` in the form in which workers send it.

        Raises:
            VideoFileError: if it cannot be read; a finite stream goes on without it.
        """

    @property
    @abc.abstractmethod
    def spec(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """The shape and dtype of every entry of an example."""

    def finish(self, arrays: Example) -> Example:
        """Turns raw examples, one or a batch, into the final ones."""
        return arrays

    def example(self, number: int) -> Example:
        """Returns example `number`, at least 0 and in a finite stream below its length.

        Raises:
            VideoFileError: if it cannot be read.
            ValueError: if `number` is out of its range.
        """
        return self.finish(self.raw_example(number))

    def batches(
        self,
        batch_size: int,
        start: int = 0,
        num_workers: int = 0,
        *,
        processes: bool = False,
        prefetch: int = 2,
        drop_remainder: bool = False,
    ) -> Iterator[Example]:
        """Iterates over batches, endlessly in training.

        Workers are threads: decoding and resizing leave the interpreter lock. Processes
        pay where Python itself is the bottleneck; they are spawned, so a script that
        asks for them keeps its work under `if __name__ == "__main__":`.

        Args:
            batch_size: B.
            start: the first example, to go on where a run stopped: after `s` batches it
                is `s * batch_size`.
            num_workers: how many batches are made at the same time; 0 makes them when
                they are asked for.
            processes: whether workers are processes instead of threads.
            prefetch: batches kept ready for each worker.
            drop_remainder: leave out a last batch of fewer than B examples.

        Returns:
            An iterator of dicts with the entries of `example`, each with a leading B.
            Its `close()` stops the workers, as does its disposal.

        Raises:
            ValueError: for an argument out of its range, or a batch larger than a
                finite stream.
            RuntimeError: while iterating, if a worker process dies.
        """
        self._check_request(batch_size, start, num_workers)
        checks.at_least(1, prefetch=prefetch)
        kind = workers.PROCESSES if processes else workers.THREADS
        return workers.batches(
            self,
            batch_size,
            start,
            num_workers,
            kind,
            prefetch,
            drop_remainder,
        )

    def shard(
        self, num_shards: int, index: int, batch_size: int = 1
    ) -> "ExampleStream":
        """The rows that one of several processes takes of every batch.

        Batch s of the shards, one after the other, is batch s of the stream, of
        `num_shards` times the size: together they train as one on whole batches.

        Args:
            num_shards: how many processes there are.
            index: which of them this is, in [0, num_shards).
            batch_size: rows of this process in a batch; 1 deals examples out in turns.

        Raises:
            ValueError: for an argument out of its range.
        """
        from keras_magvit.data.shards import Shard

        return Shard(self, num_shards, index, batch_size)

    def as_tf(
        self, batch_size: int, start: int = 0, num_workers: int = 2, **kwargs: Any
    ) -> Any:
        """Returns a `tf.data.Dataset` of the same batches, prefetched.

        The arguments are those of `batches`. Shapes are static, the batch size too
        where no smaller last batch can come.
        """
        from keras_magvit.data.frameworks import as_tf

        self._check_request(batch_size, start, num_workers)
        return as_tf(self, batch_size, start, num_workers, **kwargs)

    def as_grain(self, batch_size: int, start: int = 0, num_workers: int = 2) -> Any:
        """Returns a `grain.IterDataset` of the same batches, without TensorFlow.

        Args:
            batch_size: B.
            start: the first example.
            num_workers: threads that read.
        """
        from keras_magvit.data.frameworks import as_grain

        self._check_request(batch_size, start, num_workers)
        return as_grain(self, batch_size, start, num_workers)

    def as_keras(self, batch_size: int, start: int = 0, num_workers: int = 2) -> Any:
        """Returns a `keras.utils.PyDataset`, which `fit` takes on every backend.

        In training it is endless: pass `steps_per_epoch`, and `shuffle=False`, without
        which Keras warns that it will not shuffle. In evaluation an unreadable clip is
        replaced by the next readable one, so that batches keep their size.

        Args:
            batch_size: B.
            start: the first example.
            num_workers: threads that make batches.
        """
        from keras_magvit.data.frameworks import as_keras

        self._check_request(batch_size, start, num_workers)
        return as_keras(self, batch_size, start, num_workers)

    def _check_request(self, batch_size: int, start: int, num_workers: int) -> None:
        checks.batch_size(batch_size, None if self.training else len(self))
        checks.at_least(0, start=start, num_workers=num_workers)
