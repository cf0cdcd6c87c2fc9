"""Outputs that appear whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Callable

from keras_magvit.io.errors import VideoFileError, reason
from keras_magvit.io.folders import FRAME_SUFFIXES


def write_file(path: str, write: Callable[[str], None], overwrite: bool) -> None:
    """Writes a file under a temporary name beside its place, then renames it.

    Args:
        path: the file.
        write: called with the temporary path, to write the file there.
        overwrite: whether a file that exists is replaced.

    Raises:
        VideoFileError: if the file exists and `overwrite` is False, if its place is
            taken by a folder, or if it cannot be written. Nothing is left behind then.
    """
    if os.path.isdir(path):
        raise VideoFileError("The output is an existing folder, not a file.", path)
    check_place(path, overwrite)
    temporary = _beside(path)
    try:
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise VideoFileError(
            f"Cannot write the file: {reason(error)}.", path
        ) from error
    finally:
        # Also after a Ctrl-C. After the rename there is nothing to remove.
        if os.path.lexists(temporary):
            os.remove(temporary)


def write_folder(path: str, write: Callable[[str], None], overwrite: bool) -> None:
    """Writes a folder under a temporary name beside its place, then renames it.

    Args:
        path: the folder.
        write: called with the temporary folder, to fill it.
        overwrite: whether a folder that exists is replaced. Only one that holds
            nothing but frames is, so that a slip of the keyboard costs no documents.

    Raises:
        VideoFileError: if the folder exists and `overwrite` is False or it holds other
            files, if its place is taken by a file, or if it cannot be written. The old
            folder is untouched then, and nothing else is left behind.
    """
    if os.path.islink(path):
        path = os.path.realpath(path)
    check_place(path, overwrite)
    if os.path.exists(path):
        _check_replaceable(path)
    temporary, old = _beside(path), _beside(path)
    try:
        os.mkdir(temporary)
        write(temporary)
        if os.path.exists(path):
            os.rename(path, old)
        try:
            os.rename(temporary, path)
        except OSError:
            if os.path.exists(old):
                os.rename(old, path)
            raise
    except OSError as error:
        raise VideoFileError(
            f"Cannot write the folder: {reason(error)}.", path
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if os.path.exists(path):
            shutil.rmtree(old, ignore_errors=True)


def check_place(path: str, overwrite: bool) -> None:
    """Refuses a place that cannot be written to.

    Raises:
        VideoFileError: if something is there and `overwrite` is False, or the folder
            is missing or read-only.
    """
    if "\0" in path:
        raise VideoFileError("The path has a null byte.", path)
    if os.path.lexists(path) and not overwrite:
        raise VideoFileError(
            "The output exists; pass overwrite=True to replace it.", path
        )
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise VideoFileError(f"The folder {parent!r} does not exist.", path)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise VideoFileError(f"The folder {parent!r} cannot be written to.", path)


def _check_replaceable(path: str) -> None:
    if not os.path.isdir(path):
        raise VideoFileError("The output is an existing file, not a folder.", path)
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.name.lower().endswith(FRAME_SUFFIXES) or entry.is_dir():
                raise VideoFileError(
                    f"The folder holds {entry.name!r}, which is no frame, so it is "
                    "not replaced.",
                    path,
                )


def _beside(path: str) -> str:
    # Short, because the name itself may use up what the file system allows.
    parent = os.path.dirname(os.path.abspath(path))
    return os.path.join(parent, f".{secrets.token_hex(6)}.partial")
