"""`keras-magvit presets`: the table, model cards, and presets on their way to a hub."""

from keras_magvit.cli import options, presets_card, presets_upload

NAME = "presets"
SUMMARY = "list the built-in presets; write model cards; upload"
EXAMPLES = """\
Without COMMAND it prints the table.

examples:
  keras-magvit presets
  keras-magvit presets card my_model/ --transformer-run runs/model --report report/
  keras-magvit presets upload my_model/ hf://user/my_model --dry-run
"""
COMMANDS = (presets_card, presets_upload)


def add_arguments(parser):
    """Adds a parser for each of its commands."""
    options.add_commands(parser, COMMANDS, required=False)


def run(arguments, console):
    """Prints the table of presets."""
    import keras_magvit as km

    del arguments, console
    km.presets()  # type: ignore[operator]  # a module that can be called
