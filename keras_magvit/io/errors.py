"""The one error of this package's file handling."""

import os
from typing import Any


class VideoFileError(ValueError):
    """A video file that cannot be read or written.

    The text is a single line that says what is wrong and ends with the path, so that a
    command line can print it as it stands.

    Args:
        message: what is wrong, as a sentence; line breaks become spaces.
        path: the file or folder concerned.

    Attributes:
        message: the sentence without the path.
        path: the path as a string.

    Example:
        >>> from keras_magvit.io import VideoFileError, read_video
        >>> try:
        ...     read_video("missing.mp4")
        ... except VideoFileError as error:
        ...     print(error.path)
        missing.mp4
    """

    def __init__(self, message: str, path: str | os.PathLike[str]) -> None:
        self.message = " ".join(str(message).split())
        self.path = os.fspath(path)
        super().__init__(f"{self.message} Received: path={self.path!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with the finished text alone, which breaks
        # the trip from a data-loading worker back to its parent.
        return type(self), (self.message, self.path)


def reason(error: BaseException) -> str:
    """Returns the short human part of an exception, e.g. "Permission denied".

    Args:
        error: the exception that a library raised.

    Returns:
        One line without a final full stop; the class name where there is no text.
    """
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split()).rstrip(".")
