"""`keras-magvit presets`: the table."""

NAME = "presets"
SUMMARY = "list the built-in presets"
EXAMPLES = """\
examples:
  keras-magvit presets
"""


def add_arguments(parser):
    """This command has none of its own."""


def run(arguments, console):
    """Prints the table of presets."""
    import keras_magvit as km

    del arguments, console
    km.presets()
