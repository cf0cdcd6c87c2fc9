"""The videos below a folder, found without leaving it and without walking in circles."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from keras_magvit.io.errors import reason
from keras_magvit.io.folders import FRAME_SUFFIXES
from keras_magvit.io.kinds import VIDEO_SUFFIXES

# The first bytes of the files that are read as videos: offset, bytes.
_SIGNATURES = (
    *((4, b"ftyp"), (8, b"AVI "), (0, b"\x1aE\xdf\xa3")),
    *((0, b"GIF8"), (8, b"WEBP")),
)

# Folders inside folders are followed so far.
_DEEPEST = 64


@dataclass
class Walk:
    """What lies below a folder.

    Attributes:
        videos: files, and folders of frames, relative to the root with "/", sorted.
        problems: what looks like a video and cannot be used: relative path -> reason.
    """

    videos: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def walk_videos(root: str, follow_links: bool = False) -> Walk:
    """Finds the videos below a folder.

    A folder that holds images and no videos is a video itself. Names that start with a
    dot are passed over, and so are files of other kinds, unless they are videos by
    their first bytes. A symbolic link may lead to another place below the root.

    Args:
        root: the folder.
        follow_links: whether links may leave the root.

    Returns:
        The videos and the problems.
    """
    walk = Walk()
    limit = None if follow_links else os.path.realpath(root)
    _visit(root, "", limit, (os.path.realpath(root),), walk)
    walk.videos.sort(key=lambda path: path.split("/"))
    return walk


def _visit(
    folder: str, relative: str, limit: str | None, above: tuple[str, ...], walk: Walk
) -> None:
    images, before = False, len(walk.videos)
    for entry in _entries(folder, relative, walk):
        path = f"{relative}/{entry.name}" if relative else entry.name
        if entry.is_symlink() and not _may_follow(entry.path, path, limit, walk):
            continue
        suffix = os.path.splitext(entry.name)[1].lower()
        if entry.is_dir():
            real = os.path.realpath(entry.path)
            if real in above:
                walk.problems[path] = "The symbolic link leads back to where it lies."
                continue
            if len(above) > _DEEPEST:
                walk.problems[path] = "The folder lies too deep."
                continue
            _visit(entry.path, path, limit, (*above, real), walk)
        elif suffix in VIDEO_SUFFIXES:
            walk.videos.append(path)
        elif suffix in FRAME_SUFFIXES:
            images = True
        elif _looks_like_video(entry):
            walk.problems[path] = (
                f"The file is a video by its content, and its suffix {suffix!r} is not "
                f"one of {' '.join(VIDEO_SUFFIXES)}."
            )
    if images and relative and len(walk.videos) == before:
        walk.videos.append(relative)


def _entries(folder: str, relative: str, walk: Walk) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        walk.problems[relative or "."] = f"Cannot read the folder: {reason(error)}."
        return
    yield from (entry for entry in found if not entry.name.startswith("."))


def _may_follow(link: str, path: str, limit: str | None, walk: Walk) -> bool:
    try:
        os.stat(link)
    except OSError as error:  # it leads nowhere, or round in a circle
        walk.problems[path] = f"Cannot follow the symbolic link: {reason(error)}."
        return False
    if limit is not None and not is_inside(os.path.realpath(link), limit):
        walk.problems[path] = (
            "The symbolic link leaves the folder; pass follow_links=True to allow it."
        )
        return False
    return True


def is_inside(real: str, root: str) -> bool:
    """Whether a resolved path is a resolved folder or lies below it."""
    return real == root or real.startswith(os.path.join(root, ""))


def _looks_like_video(entry: os.DirEntry[str]) -> bool:
    if not entry.is_file():
        return False
    try:
        with open(entry.path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return any(head[at : at + len(mark)] == mark for at, mark in _SIGNATURES)
