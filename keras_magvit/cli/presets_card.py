"""`keras-magvit presets card`: the README.md of a preset."""

import os
import shutil

from keras_magvit.cli import options
from keras_magvit.cli.errors import CommandError, refusals

NAME = "card"
SUMMARY = "write a model card, README.md, into a preset's folder"
EXAMPLES = """\
What the model is comes from the folder; how it was trained from the folders of the runs;
what it scored from a report of `keras-magvit evaluate`. What nobody knows is left out,
and said to be unknown.

examples:
  keras-magvit presets card my_model/ --name hf://user/my_model
  keras-magvit presets card my_model/ --tokenizer-run runs/tokenizer \\
      --transformer-run runs/model --report report/ --machine "2 cores, AVX-512" \\
      --picture curves.png --limits "It has seen a simulated robot arm, no real one."
"""
_OPTIONS = {
    "preset": "PRESET",
    "folder": "PRESET",
    "run_dir": "DIR",
    "license": "--license",
}
_STAGES = {
    "tokenizer_run": "Stage 1: the tokenizer",
    "transformer_run": "Stage 2: the transformer",
}


def add_arguments(parser):
    """Adds the preset and what is told of it."""
    options.add_preset(parser)
    parser.add_argument(
        "--name", help="what from_preset takes: hf://user/name; default: PRESET"
    )
    parser.add_argument("--description", metavar="TEXT", help="the first sentence")
    parser.add_argument(
        "--license", default="apache-2.0", metavar="SPDX", help="default: apache-2.0"
    )
    parser.add_argument(
        "--tokenizer-run", metavar="DIR", help="run folder of train-tokenizer"
    )
    parser.add_argument(
        "--transformer-run", metavar="DIR", help="run folder of train-transformer"
    )
    parser.add_argument("--machine", metavar="TEXT", help="what it was trained on")
    parser.add_argument("--report", metavar="DIR", help="folder of `evaluate`")
    parser.add_argument(
        "--limits", action="append", default=[], metavar="TEXT", help="may be repeated"
    )
    parser.add_argument(
        "--picture",
        action="append",
        default=[],
        metavar="FILE",
        help="copied beside the card and shown; may be repeated",
    )


def run(arguments, console):
    """Writes README.md, and copies the pictures."""
    import keras_magvit as km
    import keras_magvit.models  # so that Keras knows the classes
    from keras_magvit.io import atomic
    from keras_magvit.presets import cards

    name = arguments.name or os.path.basename(arguments.preset.rstrip("/"))
    with refusals(_OPTIONS):
        folder = _folder(arguments.preset)
        text = km.presets.model_card(
            folder,
            name,
            license=arguments.license,
            description=arguments.description,
            training=_training(arguments),
            report=_report(arguments.report),
            limits=arguments.limits,
            pictures=[os.path.basename(picture) for picture in arguments.picture],
        )
    _check_pictures(arguments.picture)

    def write(path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    outputs = {cards.FILE: write}
    for picture in arguments.picture:
        outputs[os.path.basename(picture)] = _copier(picture)
    places = {os.path.join(folder, name): make for name, make in outputs.items()}
    for place in places:
        atomic.check_place(place, arguments.overwrite)
    for place, make in places.items():
        atomic.write_file(place, make, arguments.overwrite)
        console.wrote(place)


def _folder(preset):
    from keras_magvit.presets import PresetError, loading
    from keras_magvit.presets.errors import Refusal

    if "://" in preset:
        raise CommandError(
            "The preset of a card must be a folder, or a name of the table. "
            f"Received: PRESET={preset!r}"
        )
    try:
        return loading.find(preset).path
    except Refusal as refusal:
        raise PresetError(refusal, preset) from refusal.__cause__


def _training(arguments):
    from keras_magvit.training.record import training_record

    stages = {
        title: training_record(run_dir)
        for option, title in _STAGES.items()
        if (run_dir := getattr(arguments, option)) is not None
    }
    for record in stages.values():
        if arguments.machine:
            record.append(("machine", arguments.machine))
    return stages


def _report(folder):
    if folder is None:
        return None
    path = os.path.join(folder, "report.md")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise CommandError(
            "--report must be a folder that `keras-magvit evaluate` wrote, with "
            f"report.md in it. Received: --report={folder!r}"
        ) from error


def _check_pictures(pictures):
    from keras_magvit.presets.uploading import PICTURES

    for picture in pictures:
        if not (picture.lower().endswith(PICTURES) and os.path.isfile(picture)):
            raise CommandError(
                f"--picture must be a file that ends in one of {list(PICTURES)}. "
                f"Received: --picture={picture!r}"
            )


def _copier(source):
    return lambda target: shutil.copyfile(source, target)
