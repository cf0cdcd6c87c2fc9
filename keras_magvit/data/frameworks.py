"""The same stream as tf.data, grain or Keras want it."""

from typing import TYPE_CHECKING, Any

from keras_magvit.data.workers import combine, make_batch, stack
from keras_magvit.io import VideoFileError

if TYPE_CHECKING:
    from keras_magvit.data.stream import Example, ExampleStream


def as_tf(
    stream: "ExampleStream",
    batch_size: int,
    start: int,
    num_workers: int,
    **options: Any,
) -> Any:
    """Returns a `tf.data.Dataset`; see `ExampleStream.as_tf`."""
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "as_tf needs TensorFlow; as_grain and as_keras do not. Install it with: "
            'pip install "keras-magvit[tensorflow]"'
        ) from error
    whole = stream.training or options.get("drop_remainder", False)
    size = batch_size if whole else None
    signature = combine(lambda of: tf.TensorSpec((size, *of[0]), of[1]), stream.spec)
    dataset = tf.data.Dataset.from_generator(
        lambda: stream.batches(batch_size, start, num_workers, **options),
        output_signature=signature,
    )
    if stream.training:
        dataset = dataset.apply(
            tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        )
    return dataset.prefetch(tf.data.AUTOTUNE)


# The end of an endless stream, for grain, which counts.
_ENDLESS = 2**62


def as_grain(
    stream: "ExampleStream", batch_size: int, start: int, num_workers: int
) -> Any:
    """Returns a `grain.IterDataset`; see `ExampleStream.as_grain`."""
    try:
        import grain
    except ImportError as error:
        raise ImportError(
            'as_grain needs grain. Install it with: pip install "keras-magvit[grain]"'
        ) from error
    end = _ENDLESS if stream.training else len(stream)
    options = grain.ReadOptions(
        num_threads=num_workers, prefetch_buffer_size=max(1, 2 * num_workers)
    )
    examples = grain.MapDataset.range(start, end).map(_Reader(stream))
    return examples.to_iter_dataset(options).batch(batch_size)


class _Reader:
    """Example of a number, or None, which grain leaves out."""

    def __init__(self, stream: "ExampleStream") -> None:
        self._stream = stream

    def __call__(self, number: int) -> "Example | None":
        try:
            return self._stream.example(int(number))
        except VideoFileError:
            if self._stream.training or self._stream.strict:
                raise
            return None


def as_keras(
    stream: "ExampleStream", batch_size: int, start: int, num_workers: int
) -> Any:
    """Returns a `keras.utils.PyDataset`; see `ExampleStream.as_keras`."""
    import keras

    class ClipBatches(keras.utils.PyDataset):
        """Batches by number."""

        def __init__(self) -> None:
            super().__init__(workers=max(1, num_workers), max_queue_size=4)

        @property
        def num_batches(self) -> int | None:
            if stream.training:
                return None
            return -(-(len(stream) - start) // batch_size)

        def __getitem__(self, index: int) -> "Example":
            first = start + index * batch_size
            if stream.training:
                batch, _ = make_batch(stream, range(first, first + batch_size))
                assert batch is not None, "a training stream never ends"
                return stream.finish(batch)
            return _filled_batch(stream, range(first, first + batch_size))

    return ClipBatches()


def _filled_batch(stream: "ExampleStream", numbers: range) -> "Example":
    """A batch of a finite stream, where readable clips take the unreadable's place."""
    count = len(stream)
    examples = [_next_readable(stream, n) for n in numbers if n < count]
    return stream.finish(stack(examples))


def _next_readable(stream: "ExampleStream", number: int) -> "Example":
    count = len(stream)
    for ahead in range(count):
        try:
            return stream.raw_example((number + ahead) % count)
        except VideoFileError as error:
            if stream.strict or ahead == count - 1:
                raise error
    raise AssertionError("a finite stream has at least one example")
