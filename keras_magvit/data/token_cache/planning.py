"""What a token cache will hold, decided before the first clip is read."""

from collections.abc import Sequence
from typing import Any

from keras_magvit.data import checks
from keras_magvit.data.clip_dataset import ClipDataset
from keras_magvit.data.token_cache import identity
from keras_magvit.data.token_cache.manifest import Manifest
from keras_magvit.data.token_cache.records import MAX_CODEBOOK

# Clips of a shard, unless the user says otherwise: tens of megabytes.
_CLIPS_PER_SHARD = 4096


def pixel_tasks(tasks: Sequence[Any] | None, condition_frames: int) -> list[Any]:
    """Returns the `VideoTask`s among `tasks` that start from pixels; None means all."""
    from keras_magvit import tasks as table

    names = table.names() if tasks is None else tasks
    names = (names,) if isinstance(names, str) else names
    found = [table.get(name, condition_frames) for name in names]
    return [task for task in found if task.gives_pixels]


def plan(
    tokenizer: Any,
    dataset: ClipDataset,
    tasks: Sequence[Any],
    epochs: int = 1,
    shards: int | None = None,
) -> Manifest:
    """Plans a cache.

    Args:
        tokenizer: a `VideoTokenizer`.
        dataset: the clips.
        tasks: the `VideoTask`s whose condition videos are tokenized.
        epochs: passes over a training dataset.
        shards: how many files.

    Returns:
        The manifest, without shards.

    Raises:
        ValueError: if the parts do not fit one another.
    """
    checks.at_least(1, epochs=epochs)
    if not isinstance(dataset, ClipDataset):
        raise ValueError(
            f"dataset must be a ClipDataset. Received: dataset={dataset!r}"
        )
    if tokenizer.codebook_size > MAX_CODEBOOK:
        raise ValueError(
            f"The codebook must have at most {MAX_CODEBOOK} entries. "
            f"Received: codebook_size={tokenizer.codebook_size}"
        )
    epochs = epochs if dataset.training else 1
    count = len(dataset) * epochs
    shards = -(-count // _CLIPS_PER_SHARD) if shards is None else shards
    checks.at_least(1, shards=shards)
    video_shape = (dataset.num_frames, *dataset.size)
    for task in tasks:
        task.region.check(*video_shape)
    given = {task.name: identity.of_condition(task, video_shape) for task in tasks}
    conditions = tuple(dict.fromkeys(given.values()))
    return Manifest(
        tokenizer=identity.of_tokenizer(tokenizer),
        dataset=identity.of_dataset(dataset),
        latent_shape=tokenizer.latent_shape_of(video_shape),
        codebook_size=tokenizer.codebook_size,
        conditions=conditions,
        tasks={name: conditions.index(value) for name, value in given.items()},
        epochs=epochs,
        num_clips=count,
        clips_per_shard=-(-count // shards),
    )
