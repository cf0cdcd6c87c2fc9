"""Batches made ahead of time by workers, in order.

A task is a run of `batch_size` consecutive numbers; the parent keeps a queue of running
tasks and takes their results first in, first out, so the order does not depend on who
is faster.
"""

import itertools
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import (
    Executor,
    Future,
    ThreadPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_magvit.data.processes import DataProcesses
from keras_magvit.data.report import SkipReport
from keras_magvit.io import VideoFileError

if TYPE_CHECKING:
    from keras_magvit.data.stream import Example, ExampleStream

THREADS, PROCESSES = "threads", "processes"

# The stream that this process works for, in a worker process.
_stream: "ExampleStream | None" = None


def batches(
    stream: "ExampleStream",
    batch_size: int,
    start: int,
    num_workers: int,
    kind: str,
    prefetch: int,
    drop_remainder: bool,
) -> Iterator["Example"]:
    """Yields the batches of a stream; the arguments are those of `stream.batches`."""
    made = _made(stream, batch_size, start, num_workers, kind, prefetch)
    try:
        yield from _of_size(made, batch_size, drop_remainder)
    finally:
        made.close()


def make_batch(
    stream: "ExampleStream", numbers: Iterable[int]
) -> tuple["Example | None", SkipReport]:
    """Reads and stacks some examples.

    Args:
        stream: the stream.
        numbers: which examples.

    Returns:
        The stacked examples, without those of a finite stream that cannot be read
        (None if that leaves none), and the stream's report.
    """
    examples = []
    for number in numbers:
        try:
            examples.append(stream.raw_example(number))
        except VideoFileError:
            if stream.training or stream.strict:
                raise
    return stack(examples) if examples else None, stream.report


def stack(examples: Sequence["Example"]) -> "Example":
    """Returns raw examples as one batch."""
    return combine(lambda *arrays: np.stack(arrays), *examples)


def combine(function: Callable[..., Any], *examples: "Example") -> "Example":
    """Applies a function to the arrays of one name, in nested dicts too."""
    combined: Example = {}
    for name, value in examples[0].items():
        arrays = [example[name] for example in examples]
        nested = isinstance(value, dict)
        combined[name] = combine(function, *arrays) if nested else function(*arrays)
    return combined


def _made(
    stream: "ExampleStream",
    batch_size: int,
    start: int,
    num_workers: int,
    kind: str,
    prefetch: int,
) -> Generator["Example", None, None]:
    tasks = _tasks(stream, batch_size, start)
    if num_workers == 0:
        results = (make_batch(stream, numbers) for numbers in tasks)
        yield from (stream.finish(b) for b, _ in results if b is not None)
        return
    executor, submit = _start(stream, num_workers, kind)
    running: deque[Future[Any]] = deque()
    # Runs once: here at the end, or at exit for an iterator that is still alive then.
    stop = weakref.finalize(running, executor.shutdown, cancel_futures=True)
    try:
        for numbers in itertools.islice(tasks, num_workers * prefetch):
            running.append(submit(numbers))
        while running:
            batch, report = running.popleft().result()
            if report is not stream.report:
                stream.report.merge(report)
            running.extend(submit(n) for n in itertools.islice(tasks, 1))
            if batch is not None:
                yield stream.finish(batch)
    except BrokenProcessPool as error:
        raise RuntimeError(
            "A worker process died. Worker processes start afresh, so a script must "
            'keep its work under `if __name__ == "__main__":`; otherwise memory may '
            "have run out, or a decoder crashed: threads (processes=False) or "
            "num_workers=0 show where."
        ) from error
    finally:
        stop()


def _tasks(stream: "ExampleStream", batch_size: int, start: int) -> Iterator[range]:
    end = None if stream.training else len(stream)
    for first in itertools.count(start, batch_size):
        if end is not None and first >= end:
            return
        last = first + batch_size
        yield range(first, last if end is None else min(last, end))


def _start(
    stream: "ExampleStream", num_workers: int, kind: str
) -> tuple[Executor, Any]:
    if kind == THREADS:
        threads = ThreadPoolExecutor(num_workers, thread_name_prefix="clips")
        return threads, lambda numbers: threads.submit(make_batch, stream, numbers)
    pool = DataProcesses(num_workers, _enter_process, (stream,))
    return pool, lambda numbers: pool.submit(_make_batch_in_process, numbers)


def _enter_process(stream: "ExampleStream") -> None:
    global _stream
    _stream = stream


def _make_batch_in_process(numbers: range) -> tuple["Example | None", SkipReport]:
    assert _stream is not None
    return make_batch(_stream, numbers)


def _of_size(
    made: Iterator["Example"], batch_size: int, drop_remainder: bool
) -> Iterator["Example"]:
    """Fills up what unreadable clips left short, so that only the last may be."""
    rest: Example | None = None
    for batch in made:
        if rest is not None:
            batch = combine(lambda *arrays: np.concatenate(arrays), rest, batch)
        size = len(next(iter(batch.values())))
        if size < batch_size:
            rest = batch
            continue
        yield combine(lambda array: array[:batch_size], batch)
        rest = combine(lambda array: array[batch_size:], batch)
        rest = rest if size > batch_size else None
    if rest is not None and not drop_remainder:
        yield rest
