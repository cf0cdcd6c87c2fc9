"""The token cache as an Apache Beam pipeline, on one machine or a cluster.

One element is one shard. A worker builds the tokenizer once, makes the shards that it is
given, and moves each to its name when it is whole, so what a runner does twice, or
leaves off half-way, does no harm.
"""

import os
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

from keras_magvit.data.clip_dataset import ClipDataset
from keras_magvit.data.token_cache.manifest import Manifest
from keras_magvit.data.token_cache.writing import TokenCacheWriter

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as error:
    raise ImportError(
        'Pipelines need Apache Beam. Install it with: pip install "keras-magvit[beam]"'
    ) from error


def tokenize_with_beam(
    tokenizer: Any,
    dataset: ClipDataset,
    folder: str | os.PathLike[str],
    tasks: Sequence[Any] | None = None,
    condition_frames: int = 1,
    *,
    epochs: int = 1,
    shards: int | None = None,
    batch_size: int = 8,
    runner: Any = None,
    options: Any = None,
) -> Manifest:
    """Makes what `tokenize_dataset` makes, byte for byte, with Beam's workers.

    Called again after it was cut off, it makes the shards that are missing.

    Args:
        tokenizer, dataset, tasks, condition_frames, epochs, shards, batch_size: as in
            `tokenize_dataset`. Take several shards for each worker.
        folder: where to; all workers must reach it by this path.
        runner: Beam's runner; None takes the direct runner.
        options: Beam's `PipelineOptions`, or its flags as a list. The direct runner
            takes workers from "--direct_num_workers=2" with
            "--direct_running_mode=multi_processing".

    Returns:
        The `Manifest` of the finished cache.

    Raises:
        ValueError, TokenCacheError: as `tokenize_dataset`.
    """
    arguments: dict[str, Any] = {
        "dataset": dataset,
        "folder": os.path.abspath(folder),
        "tasks": tasks,
        "condition_frames": condition_frames,
        "epochs": epochs,
        "shards": shards,
        "batch_size": batch_size,
    }
    writer = TokenCacheWriter(tokenizer, **arguments)
    missing = writer.begin()
    if missing:
        with beam.Pipeline(
            runner=runner, options=pipeline_options(options)
        ) as pipeline:
            _ = (
                pipeline
                | "Shards" >> beam.Create(missing, reshuffle=True)
                | "Tokenize" >> beam.ParDo(TokenizeShard(tokenizer, arguments))
            )
    return writer.finish()


def pipeline_options(options: Any) -> PipelineOptions:
    """Returns Beam's options out of themselves, or out of their flags."""
    if isinstance(options, PipelineOptions):
        return options
    return PipelineOptions(list(options or ()))


class TokenizeShard(beam.DoFn):
    """Makes the shards of one cache by their numbers.

    Args:
        tokenizer: a `VideoTokenizer`; it travels as bytes.
        arguments: of `TokenCacheWriter`, but for the tokenizer.
    """

    def __init__(self, tokenizer: Any, arguments: dict[str, Any]) -> None:
        self._tokenizer = pickle.dumps(tokenizer)
        self._backend = _backend()
        self._arguments = arguments

    def setup(self) -> None:
        if _backend() != self._backend:  # ids would differ in places
            raise RuntimeError(
                f"Set KERAS_BACKEND={self._backend} on Beam's workers, as where the "
                f"pipeline was started. Received: backend={_backend()!r}"
            )
        tokenizer = pickle.loads(self._tokenizer)
        self._writer = TokenCacheWriter(tokenizer, **self._arguments)

    def process(self, shard: int) -> Iterator[int]:
        self._writer.write_shard(shard)
        yield shard


def _backend() -> str:
    from keras import config

    return config.backend()
