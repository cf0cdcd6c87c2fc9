"""One process's part of a stream, where several train together."""

from keras_magvit.data import checks
from keras_magvit.data.stream import Example, ExampleStream


class Shard(ExampleStream):
    """Every `num_shards`-th example of a stream, from number `index` on.

    Batch s of all shards together is batch s of the stream, of `num_shards` times the
    size: processes that take a shard each train as one that takes the whole batches.

    Args:
        stream: an `ExampleStream`.
        num_shards: at least 1.
        index: in [0, num_shards).

    Raises:
        ValueError: for an argument out of its range.
    """

    def __init__(self, stream: ExampleStream, num_shards: int, index: int) -> None:
        checks.at_least(1, num_shards=num_shards)
        if not 0 <= index < num_shards:
            raise ValueError(
                f"`index` must be in [0, {num_shards}). Received: index={index}"
            )
        self.stream = stream
        self.num_shards = num_shards
        self.index = index
        self.training = stream.training
        self.strict = stream.strict
        self.report = stream.report

    def __len__(self) -> int:
        return len(range(self.index, len(self.stream), self.num_shards))

    def raw_example(self, number: int) -> Example:
        return self.stream.raw_example(number * self.num_shards + self.index)

    @property
    def spec(self) -> dict[str, tuple[tuple[int, ...], str]]:
        return self.stream.spec

    def finish(self, arrays: Example) -> Example:
        return self.stream.finish(arrays)
