"""The options that the commands of `data` share."""

import json

from keras_magvit.cli.errors import CommandError


def add_source(parser):
    """Adds the arguments that `parse_source` reads."""
    parser.add_argument(
        "dataset",
        metavar="NAME|PATH",
        help="a named dataset, a folder of videos, a list, tar shards, an array file",
    )
    parser.add_argument(
        "--split", default="train", metavar="NAME", help="of the dataset; default train"
    )
    add_data_dir(parser)
    add_fields(parser, "of the dataset, e.g. num_videos=100")


def add_data_dir(parser):
    """Adds the place of prepared data."""
    parser.add_argument(
        "--data-dir", metavar="FOLDER", help="where prepared datasets lie"
    )


def add_fields(parser, whose):
    """Adds `--option FIELD=VALUE`, which may be given several times."""
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help=f"{whose}; the value is read as JSON, or as text; may be repeated",
    )


def parse_fields(texts, option="--option"):
    """Reads `FIELD=VALUE` texts of an option.

    Returns:
        dict of field -> value.

    Raises:
        CommandError: if one is not of that form.
    """
    fields = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise CommandError(f"{option} must be FIELD=VALUE, and is {text!r}")
        try:
            fields[name] = json.loads(value)
        except (ValueError, RecursionError):
            fields[name] = value
        if isinstance(fields[name], list):
            fields[name] = tuple(fields[name])
    return fields


def open_source(arguments):
    """Opens the dataset that the arguments name.

    Raises:
        CommandError, VideoFileError: if it cannot be opened.
    """
    from keras_magvit.cli.errors import refusals
    from keras_magvit.data import registry

    options = parse_fields(arguments.option)
    names = {"name_or_path": "NAME|PATH", "split": "--split"}
    try:
        with refusals(names):
            return registry.open_source(
                arguments.dataset, arguments.split, arguments.data_dir, **options
            )
    except TypeError as error:
        raise CommandError(f"--option: {error} of {arguments.dataset!r}") from error
