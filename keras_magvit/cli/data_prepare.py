"""`keras-magvit data prepare`: what a dataset is read from."""

import contextlib
import io

from keras_magvit.cli.data_options import add_data_dir, add_fields, parse_fields
from keras_magvit.cli.errors import CommandError, refusals

NAME = "prepare"
SUMMARY = "download, convert or render what a dataset is read from"
EXAMPLES = """\
Data that has to be fetched by hand is looked for in the folder of data, and the command
says which files are missing and where to put them. It goes on where it was stopped.

examples:
  keras-magvit data prepare bair
  keras-magvit data prepare kinetics600 --option videos=k600/ --option num_workers=8
"""


def add_arguments(parser):
    """Adds the arguments of this command."""
    parser.add_argument(
        "name", metavar="NAME", help="a name that `keras-magvit data list` lists"
    )
    add_data_dir(parser)
    add_fields(parser, "of the preparation")


def run(arguments, console):
    """Prepares the dataset."""
    from keras_magvit.data import registry

    options = parse_fields(arguments.option)
    names = {"name": "NAME", "data_dir": "--data-dir"}
    try:
        # TFDS talks on stdout, which is for results.
        with refusals(names), contextlib.redirect_stdout(io.StringIO()):
            registry.prepare(
                arguments.name, arguments.data_dir, console.progress, **options
            )
    except TypeError as error:
        raise CommandError(f"--option: {error} of {arguments.name!r}") from error
    entry = registry.find(arguments.name)
    if entry is None or entry.prepare is None:
        console.note(f"{arguments.name} needs no preparation")
    elif not arguments.quiet:
        console.say(f"prepared {arguments.name}")
