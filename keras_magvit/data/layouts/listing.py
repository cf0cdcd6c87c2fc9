"""What a layout gives: videos by split, and what was announced but is not there."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from keras_magvit.io import VideoFileError

# The largest annotation file read at once.
MAX_ANNOTATION_BYTES = 2**30


@dataclass(frozen=True)
class ListedVideo:
    """One video of a layout.

    Args:
        key: its name, unique in the dataset.
        files: paths below the root, with `/`: one video file, or the image files of its
            frames in their order.
        label: the name of its class, or "".
    """

    key: str
    files: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True)
class Listing:
    """The videos of a dataset.

    Args:
        splits: name of the split -> its videos, in a fixed order.
        class_names: the classes, by label; empty where there are none.
        frame_rate: of image files.
        absent: videos that the annotations name and the folder lacks: key -> reason.
    """

    splits: Mapping[str, tuple[ListedVideo, ...]]
    class_names: tuple[str, ...] = ()
    frame_rate: float = 0.0
    absent: Mapping[str, str] = field(default_factory=dict)


def refuse_missing(root: str, missing: Iterable[str], hint: str) -> None:
    """Raises VideoFileError if something is missing.

    Args:
        root: the folder of the dataset.
        missing: paths below the root, as the user should see them.
        hint: where to get them.
    """
    missing = list(missing)
    if missing:
        raise VideoFileError(f"Missing: {', '.join(missing)}. {hint}", root)


def first_of(root: str, names: Iterable[str]) -> str | None:
    """Returns the first of some paths below the root that exists, or None."""
    return next((n for n in names if os.path.exists(os.path.join(root, n))), None)


def read_text(root: str, name: str) -> str:
    """Returns an annotation file.

    Raises:
        VideoFileError: if it cannot be read, or is too large to be one.
    """
    path = os.path.join(root, name)
    try:
        if os.path.getsize(path) > MAX_ANNOTATION_BYTES:
            raise VideoFileError("The annotation file is too large to be one.", path)
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise VideoFileError(f"Cannot read the annotations: {error}.", path) from error


def file_name(text: str, path: str) -> str:
    """Returns a name out of an annotation file if it is one path component.

    Raises:
        VideoFileError: if it would lead elsewhere.
    """
    text = str(text).strip()
    if not text or text in (".", "..") or set(text) & set("/\\\0"):
        raise VideoFileError(f"The annotations name the file {text!r}.", path)
    return text
