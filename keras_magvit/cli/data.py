"""`keras-magvit data`: datasets and folders of videos."""

import argparse

from keras_magvit.cli import (
    data_check,
    data_list,
    data_prepare,
    data_preview,
    data_tokenize,
    options,
)

NAME = "data"
SUMMARY = "list, prepare, check, look at and tokenize datasets and folders of videos"
EXAMPLES = """\
`keras-magvit data COMMAND --help` tells what each of its commands takes.

examples:
  keras-magvit data list
  keras-magvit data check my_videos/
  keras-magvit data preview moving_shapes --out sheet.png
"""
COMMANDS = (data_list, data_prepare, data_check, data_preview, data_tokenize)


def add_arguments(parser):
    """Adds a parser for each of its commands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.NAME,
            help=command.SUMMARY,
            description=command.SUMMARY[0].upper() + command.SUMMARY[1:] + ".",
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(sub)
        options.add_common(sub)
        sub.set_defaults(run=command.run)


def run(arguments, console):
    """Never called: one of its commands is always chosen, and runs."""
    raise AssertionError("a command of `data` must have been chosen")
