"""`keras-magvit data list`: the table of datasets."""

NAME = "list"
SUMMARY = "list the datasets that have a name"
EXAMPLES = """\
Whatever has a name can also be a path: a folder of videos, a .csv or .jsonl list, tar
shards, or an .npz, .npy or .h5 file.

examples:
  keras-magvit data list
"""


def add_arguments(parser):
    """This command has none of its own."""


def run(arguments, console):
    """Prints name, splits, whether it needs preparation, and a description."""
    from keras_magvit.data.registry import TABLE

    del arguments
    rows = [("name", "splits", "prepare", "what it is")]
    for entry in TABLE:
        needs = "yes" if entry.prepare else "no"
        rows.append((entry.name, ", ".join(entry.splits), needs, entry.description))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        console.say("  ".join([*cells, row[-1]]))
