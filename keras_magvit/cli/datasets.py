"""What a training reads: clips, opened as its settings say, and presets."""

import itertools
from typing import Any

from keras_magvit.cli.errors import CommandError, refusals
from keras_magvit.cli.settings import Setting, fields, pixels, text, whole

TABLE = (
    Setting(
        *("dataset", text, "moving_digits", "NAME|PATH"),
        "a named dataset, a folder of videos, a list, shards or an array file",
    ),
    Setting("data_dir", text, None, "FOLDER", "where prepared datasets lie"),
    Setting(
        *("dataset_options", fields(), {}, "FIELD=VALUE"),
        "of the dataset, e.g. num_videos=1000",
        words=True,
    ),
    Setting(
        *("clip_options", fields(), {}, "FIELD=VALUE"),
        "of the training clips, e.g. flip=true short=loop",
        words=True,
    ),
    Setting("frames", whole(1), 16, "N", "frames of a clip; default 16"),
    Setting("size", pixels, [64, 64], "PIXELS", "of a frame; default 64"),
    Setting("stride", whole(1), 1, "N", "take every N-th frame; default 1"),
    Setting(
        *("validation_batches", whole(0), 4, "N"),
        "batches of the validation split to look at, 0 for none; default 4",
    ),
    Setting("workers", whole(0), 1, "N", "threads that make batches; default 1"),
)
_SAME_IN_VALIDATION = ("classes", "short", "strict", "cache", "cache_bytes")


def open_clips(settings: dict[str, Any], training: bool) -> Any:
    """The training or the validation clips.

    Returns:
        A `data.ClipDataset`; None for a dataset without a validation split.

    Raises:
        CommandError: if they cannot be opened.
    """
    from keras_magvit.data import registry

    options = settings["clip_options"]
    if training:
        split, options = registry.TRAIN, {**options, "seed": settings["seed"]}
    else:
        split = registry.VALIDATION
        options = {k: v for k, v in options.items() if k in _SAME_IN_VALIDATION}
    names = {"name_or_path": "dataset", "num_frames": "frames"}
    try:
        with refusals(names):
            return registry.clips(
                settings["dataset"],
                split,
                settings["frames"],
                tuple(settings["size"]),
                training,
                data_dir=settings["data_dir"],
                source_options=settings["dataset_options"],
                stride=settings["stride"],
                **options,
            )
    except TypeError as error:
        raise CommandError(
            f"dataset_options or clip_options: {error} of {settings['dataset']!r}"
        ) from error


def held_batches(settings: dict[str, Any], batch_size: int, console: Any) -> list[Any]:
    """Validation batches, held in memory; none where there is no validation split.

    Args:
        settings: of the run.
        batch_size: of a training step.
        console: gets a note where there are none.

    Returns:
        Batches as `ClipDataset.batches` gives them, all of one size.
    """
    if not settings["validation_batches"]:
        return []
    try:
        clips = open_clips(settings, training=False)
        size = min(batch_size, len(clips))
        batches = clips.batches(size, drop_remainder=True)
        return list(itertools.islice(batches, settings["validation_batches"]))
    except (CommandError, ValueError) as error:  # a VideoFileError is one
        console.note(f"no validation and no samples: {error}")
        return []


def load(kind: Any, preset: str, dtype: str | None = None, **overrides: Any) -> Any:
    """A trained model.

    Raises:
        CommandError: if there is no such preset, or it cannot be loaded.
    """
    from keras_magvit.presets import PresetError

    try:
        return kind.from_preset(preset, load_weights=True, dtype=dtype, **overrides)
    except PresetError as error:
        raise CommandError(f"{error.preset!r}: {error.message}") from error
