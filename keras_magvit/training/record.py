"""What a run's folder tells of a training, for a model card."""

import itertools
import os

from keras_magvit.training.csv_log import read_log
from keras_magvit.training.progress import duration

SETTINGS, LOG = "settings.yaml", "log.csv"
# Column of the log -> what a reader calls it.
_RESULTS = {
    "val_psnr": "PSNR of held-out clips (dB)",
    "val_codebook_usage": "codes in use, held-out clips",
    "val_loss": "loss, held-out clips",
    "val_masked_accuracy": "accuracy on [MASK], held-out clips",
}


def training_record(run_dir):
    """The recipe, the effort and the last held-out scores of a run.

    Nothing that names a place on the machine is told.

    Args:
        run_dir: folder that `keras-magvit train-tokenizer` or `train-transformer`
            wrote: settings.yaml and log.csv.

    Returns:
        `[(what, value)]`.

    Raises:
        ValueError: if it is no such folder.
    """
    settings = _settings(run_dir)
    rows = read_log(os.path.join(run_dir, LOG))
    record = [
        ("dataset", _dataset(settings)),
        ("recipe", _fields(settings.get("recipe"))),
        ("model", _fields(settings.get("model"))),
        ("steps", f"{rows[-1]['step'] if rows else 0:,} of {settings.get('steps'):,}"),
        ("clips a step", settings.get("batch_size")),
        ("learning rate", settings.get("learning_rate")),
        ("warm-up steps", settings.get("warmup_steps")),
        ("seed", settings.get("seed")),
        ("computed in", settings.get("dtype")),
        ("time", _time(rows)),
    ]
    for column, words in _RESULTS.items():
        values = [row[column] for row in rows if column in row]
        record.append((words, f"{values[-1]:.4g}" if values else None))
    return [(what, value) for what, value in record if value not in (None, "")]


def _settings(run_dir):
    import yaml

    path = os.path.join(run_dir, SETTINGS)
    try:
        with open(path, encoding="utf-8") as file:
            settings = yaml.safe_load(file)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(
            "`run_dir` must be the folder of a training, with settings.yaml in it. "
            f"Received: run_dir={os.fspath(run_dir)!r}"
        ) from error
    if not isinstance(settings, dict) or not isinstance(settings.get("steps"), int):
        raise ValueError(
            "settings.yaml must hold the settings of a training. "
            f"Received: run_dir={os.fspath(run_dir)!r}"
        )
    return settings


def _dataset(settings):
    name = os.path.basename(str(settings.get("dataset") or "").rstrip("/"))
    frames, size = settings.get("frames"), settings.get("size")
    if not (frames and size):
        return name
    sizes = size if isinstance(size, list) else [size, size]
    return f"{name}, {frames} frames of {'x'.join(map(str, sizes))}"


def _fields(value):
    if not isinstance(value, dict):
        return value
    name = f"{value['name']}: " if "name" in value else ""
    rest = ", ".join(f"{k} {v}" for k, v in value.items() if k != "name")
    return f"{name}{rest}".rstrip(": ")


def _time(rows):
    """The clock of the log starts anew with every run that goes on."""
    clocks = [row["seconds"] for row in rows if "seconds" in row]
    if not clocks:
        return None
    ends = [a for a, b in itertools.pairwise(clocks) if b < a]
    return duration(sum(ends) + clocks[-1])
