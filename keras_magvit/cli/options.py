"""The parser, and the options that commands share."""

import argparse

from keras_magvit.cli.errors import CommandError

BACKENDS = ("jax", "tensorflow", "torch")
DTYPES = (
    *("float32", "mixed_bfloat16", "mixed_float16"),
    *("bfloat16", "float16", "float64"),
)


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose errors are one line, like all others."""

    def error(self, message):
        raise CommandError(f"{message} (see: {self.prog} --help)")


def add_commands(parser, commands, required=True):
    """Adds a parser for each command of a command.

    Args:
        parser: of the one above.
        commands: modules with NAME, SUMMARY, EXAMPLES, `add_arguments`, `run`, and
            DEFAULTS if they have any.
        required: whether one must be chosen.
    """
    places = parser.add_subparsers(metavar="COMMAND", required=required)
    for command in commands:
        sub = places.add_parser(
            command.NAME,
            help=command.SUMMARY,
            description=command.SUMMARY[0].upper() + command.SUMMARY[1:] + ".",
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(sub)
        add_common(sub)
        sub.set_defaults(run=command.run, **getattr(command, "DEFAULTS", {}))


def add_common(parser):
    """Adds the options that every command has."""
    group = parser.add_argument_group("common options")
    group.add_argument(
        "--seed",
        type=at_least(0),
        default=0,
        metavar="N",
        help="of all that is drawn at random; default 0",
    )
    group.add_argument(
        "--backend",
        choices=BACKENDS,
        help="default: KERAS_BACKEND, else the configuration of Keras",
    )
    group.add_argument(
        "--dtype",
        choices=DTYPES,
        metavar="DTYPE",
        help=f"of the computation: {', '.join(DTYPES)}; "
        "default: the configuration of Keras, float32",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace outputs that exist"
    )
    group.add_argument(
        "--quiet", action="store_true", help="print results and errors alone"
    )


def add_preset(parser):
    """Adds the positional PRESET."""
    parser.add_argument(
        "preset",
        metavar="PRESET",
        help="a name that `keras-magvit presets` lists, or a preset folder",
    )


def add_clip_choice(parser):
    """Adds the options that choose frames of the input video."""
    parser.add_argument(
        "--start",
        type=at_least(0),
        default=0,
        metavar="N",
        help="first frame of the video to use; default 0",
    )
    parser.add_argument(
        "--stride",
        type=at_least(1),
        default=1,
        metavar="N",
        help="use every N-th frame; default 1",
    )


def add_counts(parser, counts):
    """Adds options that take an int from 1 on.

    Args:
        parser: of the command.
        counts: `(option, default, what it is)` of each.
    """
    for name, default, what in counts:
        parser.add_argument(
            name,
            type=at_least(1),
            default=default,
            metavar="N",
            help=f"{what}; default {default}",
        )


def at_least(least):
    """Makes an argparse type for ints from `least` on."""

    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not an int >= {least}")
        return value

    return parse
