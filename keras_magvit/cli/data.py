"""`keras-magvit data`: datasets and folders of videos."""

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
    options.add_commands(parser, COMMANDS)


def run(arguments, console):
    """Never called: one of its commands is always chosen, and runs."""
    raise AssertionError("a command of `data` must have been chosen")
