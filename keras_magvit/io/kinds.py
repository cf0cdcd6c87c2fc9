"""What a path is: the gate that every video passes before anything reads it."""

import os
import stat

from keras_magvit.io.errors import VideoFileError, reason
from keras_magvit.io.spans import Span

CONTAINER_SUFFIXES = (".mp4", ".mov", ".avi", ".webm", ".mkv", ".m4v")
ANIMATION_SUFFIXES = (".gif", ".webp")
ARRAY_SUFFIXES = (".npz", ".npy")
VIDEO_SUFFIXES = CONTAINER_SUFFIXES + ANIMATION_SUFFIXES + ARRAY_SUFFIXES

FOLDER, CONTAINER, ANIMATION, ARRAY = "folder", "container", "animation", "array"


def kind_of(file: Span) -> str:
    """Returns how a video is to be read, by its suffix.

    Args:
        file: a file, a folder of frames, or a part of a file.

    Returns:
        "folder", "container", "animation" or "array".

    Raises:
        VideoFileError: if it is missing, empty, of no kind that is read, or neither a
            regular file nor a folder.
    """
    try:
        status = os.stat(file.path)
        size = file.size
    # A ValueError is a null byte in the path.
    except (OSError, ValueError) as error:
        raise VideoFileError(f"Cannot open the file: {reason(error)}.", file) from error
    if stat.S_ISDIR(status.st_mode):
        return FOLDER
    if not stat.S_ISREG(status.st_mode):
        # Opening a pipe would wait for ever.
        raise VideoFileError("The path is not a regular file or a folder.", file)
    suffix = os.path.splitext(os.fspath(file))[1].lower()
    if suffix not in VIDEO_SUFFIXES:
        raise VideoFileError(
            f"Unsupported file type {suffix!r}; supported: {' '.join(VIDEO_SUFFIXES)}, "
            "or a folder of frames.",
            file,
        )
    if size == 0:
        raise VideoFileError("The file is empty (0 bytes).", file)
    if suffix in CONTAINER_SUFFIXES:
        return CONTAINER
    return ANIMATION if suffix in ANIMATION_SUFFIXES else ARRAY
