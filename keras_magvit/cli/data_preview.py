"""`keras-magvit data preview`: clips of a dataset on one picture."""

from keras_magvit.cli import outputs
from keras_magvit.cli.data_options import add_source, open_source
from keras_magvit.cli.errors import refusals
from keras_magvit.cli.options import add_counts

NAME = "preview"
SUMMARY = "draw clips of a dataset, with their labels, on one picture"
EXAMPLES = """\
The clips are what a training gets: resized, cropped, in the order of the seed.

examples:
  keras-magvit data preview moving_shapes --out sheet.png
  keras-magvit data preview my_videos/ --out sheet.png --clips 12 --stride 4 --size 128
"""


def add_arguments(parser):
    """Adds the arguments of this command."""
    add_source(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="a .png picture")
    counts = (
        ("--clips", 8, "how many rows"),
        ("--frames", 16, "frames of a clip"),
        ("--stride", 1, "use every N-th frame"),
        ("--size", 64, "pixels of a side"),
        ("--columns", 8, "frames that are shown"),
    )
    add_counts(parser, counts)


def run(arguments, console):
    """Draws the clips."""
    from keras_magvit.data import ClipDataset
    from keras_magvit.io import contact_sheet

    outputs.check([(arguments.out, outputs.PICTURE)], arguments.overwrite)
    with refusals({"num_frames": "--frames"}):
        clips = ClipDataset(
            open_source(arguments),
            arguments.frames,
            arguments.stride,
            (arguments.size, arguments.size),
            seed=arguments.seed,
        )
    rows = {}
    for number in range(min(arguments.clips, len(clips))):
        example = clips.example(number)
        label = int(example["label"])
        name = clips.class_names[label] if label >= 0 else "no class"
        rows[f"{number}: {_short(name)}"] = example["video"]
        console.progress("read", number + 1, min(arguments.clips, len(clips)))
    for key, why in clips.report.to_dict()["unreadable"].items():
        console.note(f"{key}: {why}")
    outputs.write_all(
        [(arguments.out, lambda path: contact_sheet(rows, arguments.columns, path))]
    )
    console.wrote(arguments.out)


def _short(name):
    return name if len(name) <= 40 else name[:37] + "..."
