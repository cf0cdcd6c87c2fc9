"""`keras-magvit data check`: every video, read once."""

import json

from keras_magvit.cli import outputs
from keras_magvit.cli.data_options import add_source, open_source
from keras_magvit.cli.errors import CommandError
from keras_magvit.cli.options import at_least

NAME = "check"
SUMMARY = "read every video of a folder and report what a training would meet"
EXAMPLES = """\
Reports durations, sizes, frame rates, what cannot be read and why, and how many clips a
setting gives. Unreadable videos are no error: a training leaves them out. With --strict
they are.

examples:
  keras-magvit data check my_videos/
  keras-magvit data check my_videos/ --frames 16 --stride 4 --json report.json
  keras-magvit data check list.csv --strict
"""


def add_arguments(parser):
    """Adds the arguments of this command."""
    add_source(parser)
    parser.add_argument(
        *("--frames", "--num-frames"),
        type=at_least(1),
        default=16,
        metavar="N",
        help="frames of a clip; default 16",
    )
    parser.add_argument(
        "--stride",
        type=at_least(1),
        default=1,
        metavar="N",
        help="use every N-th frame; default 1",
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="do not decode: damage inside a video goes unseen",
    )
    parser.add_argument(
        "--workers",
        type=at_least(0),
        default=2,
        metavar="N",
        help="threads that read; default 2",
    )
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write the report as JSON, to a file or instead of the text",
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 2 if anything is unreadable"
    )


def run(arguments, console):
    """Reads, reports, and fails if it was asked to."""
    from keras_magvit.data.survey import check

    file = None if arguments.json == "-" else arguments.json
    outputs.check([(file, (".json",))], arguments.overwrite, [arguments.dataset])
    survey = check(
        open_source(arguments),
        arguments.frames,
        arguments.stride,
        decode=not arguments.fast,
        num_workers=arguments.workers,
        progress=console.progress,
    )
    text = json.dumps(survey.to_dict(), indent=1)
    console.say(text if arguments.json == "-" else str(survey))
    if file is not None:
        outputs.write_all([(file, lambda path: _write(path, text))])
        console.wrote(file)
    if arguments.strict and survey.unreadable:
        key, why = min(survey.unreadable.items())
        count = len(survey.unreadable)
        raise CommandError(f"{count} unreadable, the first of them {key!r}: {why}")


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")
