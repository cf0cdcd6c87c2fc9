"""What both commands that train share: settings, the run's folder, and the run itself."""

import os
import random
import warnings
from contextlib import contextmanager
from typing import NamedTuple

from keras_magvit.cli import datasets, dry_run, settings
from keras_magvit.cli.errors import CommandError, refusals
from keras_magvit.cli.plans import Plan
from keras_magvit.cli.settings import Setting, fields, positive, switch, text, whole

COMMON = (
    *datasets.TABLE,
    Setting(
        *("recipe", fields("name"), {"name": "paper"}, "NAME|FIELD=VALUE"),
        "a recipe and any of its fields, e.g. paper perceptual_frames=2; default paper",
        words=True,
    ),
    Setting("steps", whole(1), None, "N", "training steps; default: by epochs"),
    Setting(
        "epochs", whole(1), None, "N", "passes over the dataset; default: the recipe's"
    ),
    Setting("batch_size", whole(1), None, "N", "clips a step; default: the recipe's"),
    Setting("learning_rate", positive, None, "X", "its peak; default: the recipe's"),
    Setting(
        *("warmup_steps", whole(0), None, "N"),
        "default: the recipe's, at most a tenth of the steps",
    ),
    Setting(
        *("steps_per_epoch", whole(1), 1000, "N"),
        "steps between two looks: validation, samples, a row of the log; default 1000",
    ),
    Setting("seed", whole(0), 0, "N", "of weights, data and masks"),
    Setting("dtype", text, "float32", "POLICY", "e.g. mixed_bfloat16"),
    Setting("run_dir", text, None, "FOLDER", "states, logs and samples; needed"),
    Setting("out", text, None, "PRESET", "the result; default: RUN_DIR/preset"),
    Setting(
        *("export_every", whole(1), None, "N"),
        "write the result so far every N steps; default: at the end",
    ),
    Setting(
        *("save_every_seconds", positive, 300.0, "X"),
        "between two training states; default 300",
    ),
    Setting("sample_clips", whole(0), 4, "N", "clips in the sample grids; default 4"),
    Setting("tensorboard", switch, False, None, "write event files for TensorBoard"),
)
# `--seed` and `--dtype` are options of every command.
_COMMON_OPTIONS = ("seed", "dtype")
DEFAULTS = {"seed": None}


def add_arguments(parser, table):
    """Adds CONFIG, a flag for each setting, --resume and --dry-run."""
    parser.add_argument(
        "config", metavar="CONFIG", nargs="?", help="YAML file with the settings below"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest state in RUN_DIR, with its settings",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print sizes, memory and the time of a step; write nothing",
    )
    group = parser.add_argument_group("settings, also keys of CONFIG (with _ for -)")
    settings.add_arguments(group, [s for s in table if s.name not in _COMMON_OPTIONS])


class RunFolder:
    """The folder of a run: `settings.yaml`, `states/`, `log.csv`, `samples/`, ...

    Args:
        path: the folder; nothing is made before `create`.
    """

    def __init__(self, path):
        self.path = path
        self.settings = os.path.join(path, "settings.yaml")
        self.states = os.path.join(path, "states")
        self.log = os.path.join(path, "log.csv")
        self.samples = os.path.join(path, "samples")
        self.tensorboard = os.path.join(path, "tensorboard")
        self.preset = os.path.join(path, "preset")

    def has_states(self):
        """Whether a training has begun here."""
        return os.path.isdir(self.states) and bool(os.listdir(self.states))

    def create(self, values):
        """Makes the folder and writes the settings into it."""
        try:
            os.makedirs(self.path, exist_ok=True)
            settings.write_yaml(self.settings, values)
        except OSError as error:
            raise CommandError(
                f"{self.path!r}: cannot write there: {error.strerror}"
            ) from error


def read_settings(table, arguments, console):
    """The merged settings of a run, and its folder, which are refused if they clash.

    Returns:
        `(settings, RunFolder)`.
    """
    values = settings.merge(table, arguments, arguments.config)
    place = values["run_dir"]
    if place is None and not arguments.dry_run:
        raise CommandError("run_dir is needed: a folder for states, logs and samples")
    folder = RunFolder(place or "")
    if place and arguments.resume and os.path.exists(folder.settings):
        values = settings.merge(table, arguments, folder.settings, arguments.config)
        _note_changes(settings.read_yaml(folder.settings), values, console)
    elif place and folder.has_states() and not arguments.dry_run:
        raise CommandError(
            f"{place!r}: holds the states of a training; pass --resume to go on with "
            "it, or choose another run_dir"
        )
    if place:
        _check_out(values, folder, arguments)
    random.seed(values["seed"])  # Keras draws the seeds of its initializers from here
    return values, folder


def _note_changes(stored, values, console):
    changed = [k for k, v in values.items() if k in stored and stored[k] != v]
    if changed:
        console.note(f"resumed with other settings than before: {', '.join(changed)}")


def _check_out(values, folder, arguments):
    from keras_magvit.presets.folder import is_preset

    values["out"] = values["out"] or folder.preset
    out = values["out"]
    if not os.path.lexists(out) or (os.path.isdir(out) and not os.listdir(out)):
        return
    if not is_preset(out):
        raise CommandError(f"{out!r}: holds something that is not a preset")
    if not (arguments.resume or arguments.overwrite or arguments.dry_run):
        raise CommandError(f"{out!r}: the preset exists; pass --overwrite")


# === The run =========================================================================


class Training(NamedTuple):
    """All that a run needs beside its settings.

    Attributes:
        model: compiled.
        plan: `Plan`.
        batches: function `(step) -> iterator` of batches.
        validation: for `fit`, or None.
        samples: `SampleGrids`, or None.
        latent_shape: `(t, h, w)` of a clip.
        parts: name -> model, whose sizes the dry run prints.
    """

    model: object
    plan: Plan
    batches: object
    validation: object
    samples: object
    latent_shape: tuple
    parts: dict


def run(training, values, folder, arguments, console):
    """Trains, or reports what a training would take; then the result is at `out`."""
    if arguments.dry_run:
        dry_run.report(training, console)
        return
    from keras_magvit.training import TrainingDiverged, TrainingStateError
    from keras_magvit.training.exporting import result
    from keras_magvit.training.interruption import StopOnSignal

    folder.create(values)
    console.release()
    with _told_warnings(), StopOnSignal() as stop:
        try:
            _train(training, values, folder, stop, console)
        except (TrainingDiverged, TrainingStateError) as error:
            raise CommandError(error) from error
        with refusals():
            result(training.model).save_to_preset(values["out"])
    console.wrote(values["out"])
    if stop.requested is not None:
        console.say(f"stopped after step {stop.step:,}; go on with --resume")
        raise KeyboardInterrupt


def _train(training, values, folder, stop, console):
    from keras_magvit.training import train

    made = [*_callbacks(training, values, folder, console), stop]

    def callbacks(step):
        for callback in made:
            callback.step = step
        return made

    train(
        training.model,
        training.batches,
        steps=training.plan.steps,
        folder=folder.states,
        steps_per_epoch=values["steps_per_epoch"],
        callbacks=callbacks,
        validation=training.validation,
        save_every_seconds=values["save_every_seconds"],
        verbose=0,
        notes={"settings": values},
    )


def _callbacks(training, values, folder, console):
    """In the order in which they see an epoch's logs."""
    from keras_magvit.training.csv_log import CSVLog
    from keras_magvit.training.exporting import ExportPreset
    from keras_magvit.training.progress import Progress
    from keras_magvit.training.tensorboard import TensorBoardLog

    plan = training.plan
    write = console.tell
    made = [Progress(plan.steps, plan.batch_size, training.latent_shape, write=write)]
    made.append(CSVLog(folder.log))
    if values["tensorboard"]:
        made.append(TensorBoardLog(folder.tensorboard))
    if training.samples is not None:
        training.samples.tensorboard = made[-1] if values["tensorboard"] else None
        made.append(training.samples)
    if values["export_every"]:
        made.append(ExportPreset(values["out"], values["export_every"]))
    return made


@contextmanager
def _told_warnings():
    """Lets what the training warns of through, a line each."""
    import sys

    def show(message, category, filename, lineno, file=None, line=None):
        print(f"warning: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.filterwarnings("always", message=".*[Tt]raining goes on")
        warnings.showwarning = show
        yield
