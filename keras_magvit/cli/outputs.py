"""Outputs: checked before the work, then written all or none."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence

from keras_magvit.cli.errors import CommandError

VIDEO: tuple[str, ...] = (".mp4", ".gif", ".webp", ".npz", "")  # "": a folder of frames
PICTURE: tuple[str, ...] = (".png",)
TOKENS = (".npz",)


def check(
    wanted: Sequence[tuple[str | None, Sequence[str]]],
    overwrite: bool,
    sources: Sequence[str | None] = (),
) -> None:
    """Refuses outputs that could not be written at the end.

    Args:
        wanted: `(path, suffixes it may have)` for each output; a path of None is none.
        overwrite: whether outputs that exist are to be replaced.
        sources: the inputs, which are never replaced.

    Raises:
        CommandError: if a suffix is not supported, an output exists, is named twice,
            lies inside another one or an input, or cannot be written there.
    """
    taken: set[str] = set()
    above: set[str] = set()  # all folders that something taken lies in
    for source in filter(None, sources):
        place = os.path.realpath(source)
        taken.add(place)
        above.update(_parents(place))
    for path, suffixes in wanted:
        if path is None:
            continue
        _check_name(path)
        place = os.path.realpath(path)
        if place in taken:
            raise CommandError(f"{path!r}: the output is an input or another output")
        parents = _parents(place)
        if place in above or not taken.isdisjoint(parents):
            raise CommandError(
                f"{path!r}: the output lies inside, or around, an input or another "
                "output"
            )
        taken.add(place)
        above.update(parents)
        _check_suffix(path, suffixes)
        _check_place(path, overwrite)


def write_all(jobs: Sequence[tuple[str, Callable[[str], None]]]) -> None:
    """Writes several outputs; if one fails, none of them appears or is replaced.

    Args:
        jobs: `(path, write)`; `write` is called with a path of the same name in a
            temporary folder beside the output.

    Raises:
        CommandError: if the system refuses to write.
    """
    from keras_magvit.io import VideoFileError

    stages: list[str] = []
    moved: list[tuple[str, str]] = []  # (output, where its predecessor waits or "")
    done = False
    try:
        for path, write in jobs:
            stages.append(_stage_beside(path))
            write(os.path.join(stages[-1], _name(path)))
        for stage, (path, _) in zip(stages, jobs, strict=True):
            place, old = path.rstrip("/"), ""
            if os.path.lexists(place):
                old = os.path.join(stage, "replaced")
                os.rename(place, old)
            moved.append((place, old))
            os.rename(os.path.join(stage, _name(path)), place)
        done = True
    except (OSError, VideoFileError) as error:
        reason = getattr(error, "message", None) or getattr(error, "strerror", None)
        raise CommandError(
            f"{path!r}: cannot write the output: {reason or error}"
        ) from error
    finally:
        if not done:  # also after a Ctrl-C
            _undo(moved)
        for stage in stages:
            shutil.rmtree(stage, ignore_errors=True)


def numbered(path: str, count: int) -> list[str]:
    """Names for `count` results: `path` itself for one, else `clip_0.mp4` and so on.

    Raises:
        CommandError: if `path` has no name to number.
    """
    _check_name(path)
    if count == 1:
        return [path]
    stem, suffix = os.path.splitext(path.rstrip("/"))
    digits = len(str(count - 1))
    return [f"{stem}_{index:0{digits}d}{suffix}" for index in range(count)]


def _parents(place: str) -> set[str]:
    """All folders that an absolute path lies in."""
    parents = set()
    while (parent := os.path.dirname(place)) != place:
        parents.add(parent)
        place = parent
    return parents


def _check_name(path: str) -> None:
    name = _name(path)
    if name in ("", ".", "..") or path == "-" or "\0" in path:
        raise CommandError(f"{path!r}: not a path for an output")
    if name.lower() in VIDEO + PICTURE:
        raise CommandError(f"{path!r}: the name is only a suffix; put one before it")


def _check_suffix(path: str, suffixes: Sequence[str]) -> None:
    suffix = "" if path.endswith("/") else os.path.splitext(path)[1].lower()
    if suffix not in suffixes:
        known = " ".join(filter(None, suffixes))
        folder = ", or no suffix for a folder of frames" if "" in suffixes else ""
        raise CommandError(
            f"{path!r}: cannot write the file type {suffix!r}; supported: "
            f"{known}{folder}"
        )


def _check_place(path: str, overwrite: bool) -> None:
    is_folder = path.endswith("/") or not os.path.splitext(path)[1]
    place = path.rstrip("/")
    if os.path.lexists(place):
        if not overwrite:
            raise CommandError(
                f"{path!r}: the output exists; pass --overwrite to replace it"
            )
        if os.path.isdir(place) != is_folder:
            raise CommandError(
                f"{path!r}: the output exists and is "
                f"{'a file, not a folder' if is_folder else 'a folder, not a file'}"
            )
        if is_folder:
            _check_frames_only(place)
    try:
        stage = _stage_beside(path)
        try:  # a name may be too long
            os.mkdir(os.path.join(stage, _name(path)))
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise CommandError(
            f"{path!r}: cannot write there: {error.strerror or error}"
        ) from error


def _check_frames_only(folder: str) -> None:
    from keras_magvit.io.folders import FRAME_SUFFIXES

    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() or not entry.name.lower().endswith(FRAME_SUFFIXES):
                raise CommandError(
                    f"{folder!r}: the folder holds {entry.name!r}, which is no frame, "
                    "so it is not replaced"
                )


def _stage_beside(path: str) -> str:
    parent = os.path.dirname(os.path.abspath(path.rstrip("/")))
    return tempfile.mkdtemp(prefix=".keras-magvit-", dir=parent)


def _name(path: str) -> str:
    return os.path.basename(path.rstrip("/"))


def _undo(moved: Sequence[tuple[str, str]]) -> None:
    """Takes new outputs away and puts their predecessors back."""
    for place, old in reversed(moved):
        if os.path.isdir(place) and not os.path.islink(place):
            shutil.rmtree(place, ignore_errors=True)
        elif os.path.lexists(place):
            os.remove(place)
        if old:
            os.rename(old, place)
