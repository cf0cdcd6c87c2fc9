"""One process's part of a stream, where several train together."""

from keras_magvit.data import checks
from keras_magvit.data.stream import Example, ExampleStream


class Shard(ExampleStream):
    """The rows that one of several processes takes of every batch of a stream.

    Batch s of the shards, one after the other, is batch s of the stream, of `num_shards`
    times the size: processes that take a shard each train as one that takes the whole
    batches. A smaller last batch of a finite stream is divided as evenly as it goes.

    Args:
        stream: an `ExampleStream`.
        num_shards: at least 1.
        index: in [0, num_shards).
        batch_size: at least 1, rows of this shard in a batch.

    Raises:
        ValueError: for an argument out of its range.
    """

    def __init__(
        self, stream: ExampleStream, num_shards: int, index: int, batch_size: int = 1
    ) -> None:
        checks.at_least(1, num_shards=num_shards, batch_size=batch_size)
        if not 0 <= index < num_shards:
            raise ValueError(
                f"`index` must be in [0, {num_shards}). Received: index={index}"
            )
        self.stream = stream
        self.num_shards = num_shards
        self.index = index
        self.batch_size = batch_size
        self.training = stream.training
        self.strict = stream.strict
        self.report = stream.report

    def __len__(self) -> int:
        whole, rest = divmod(len(self.stream), self.num_shards * self.batch_size)
        return whole * self.batch_size + len(self._own(rest))

    def raw_example(self, number: int) -> Example:
        batch, row = divmod(number, self.batch_size)
        size = self.num_shards * self.batch_size
        first = batch * size
        if not self.training:
            size = min(size, len(self.stream) - first)
        return self.stream.raw_example(first + self._own(size)[row])

    def _own(self, size: int) -> range:
        """This shard's rows of a batch."""
        first, end = (size * i // self.num_shards for i in (self.index, self.index + 1))
        return range(first, end)

    @property
    def spec(self) -> dict[str, tuple[tuple[int, ...], str]]:
        return self.stream.spec

    def finish(self, arrays: Example) -> Example:
        return self.stream.finish(arrays)
