"""Bad input, told in one line."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class CommandError(Exception):
    """What the user asked for cannot be done; the text is the one line they see.

    Args:
        message: what is wrong; line breaks become spaces.
    """

    def __init__(self, message: object) -> None:
        super().__init__(" ".join(str(message).split()))


@contextmanager
def refusals(options: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turns the package's refusal of an argument into a `CommandError`.

    Stands around calls that check what the user gave. Only a `ValueError` that tells
    what it received is one; any other is a bug, and shows its traceback.

    Args:
        options: argument name -> option, for arguments that are called otherwise here.

    Raises:
        CommandError: in place of the `ValueError`.
    """
    try:
        yield
    except ValueError as error:
        line = " ".join(str(error).split())
        if "Received:" not in line:
            raise
        for name, option in (options or {}).items():
            line = re.sub(f"`{name}`", option, line)
        raise CommandError(line) from error


def refusal_line(error: BaseException) -> str | None:
    """The line for an exception that stands for bad input, or None for a bug.

    Args:
        error: whatever ended a command.

    Returns:
        The text behind `keras-magvit: error: `.
    """
    from keras_magvit.io import VideoFileError

    if isinstance(error, CommandError):
        return str(error)
    if isinstance(error, VideoFileError):
        return f"{error.path!r}: {error.message}"
    # An optional package that is missing: this package's text says how to install it.
    # A broken import inside Python or a dependency has the name of its module.
    if isinstance(error, ImportError) and error.name is None:
        return " ".join(str(error).split())
    return None
