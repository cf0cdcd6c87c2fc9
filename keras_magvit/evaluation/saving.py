"""A report as a folder of files."""

import os
import secrets
import shutil

from keras_magvit.evaluation import page, tables
from keras_magvit.io import VideoFileError, atomic

REPORT = "report.json"
MEDIA = "media"
CACHE = "cache"
_NAMES = (REPORT, "report.csv", "report.md", "report.html", MEDIA, CACHE)


def check_folder(folder, overwrite=False, names=_NAMES, last=REPORT):
    """Refuses a folder that a report must not be written into.

    Args:
        folder: where the report is to be; it need not exist.
        overwrite: whether a report that is there may be replaced.
        names: what a report's folder may hold.
        last: the file whose presence makes a report.

    Raises:
        VideoFileError: if it is a file, holds a report, or holds anything else that is
            not a report's.
    """
    folder = os.fspath(folder)
    if not os.path.lexists(folder):
        parent = os.path.dirname(os.path.abspath(folder))
        if not os.path.isdir(parent):
            raise VideoFileError(f"The folder {parent!r} does not exist.", folder)
        return
    if not os.path.isdir(folder):
        raise VideoFileError("The output is a file, not a folder.", folder)
    others = sorted(set(os.listdir(folder)) - set(names))
    others = [name for name in others if not name.startswith(".")]
    if others:
        raise VideoFileError(
            f"The folder holds {others[0]!r}, which is no report's: choose another.",
            folder,
        )
    if os.path.exists(os.path.join(folder, last)) and not overwrite:
        raise VideoFileError(
            "The folder holds a report; pass --overwrite (overwrite=True) to replace "
            "it. What was measured for it is used again.",
            folder,
        )


def save(report, folder, overwrite=False):
    """Writes report.json, report.csv, report.md, report.html and the clips.

    Each file appears whole or not at all, report.json at the end.

    Args:
        report: `Report`.
        folder: where to; made if it is missing. Finished work may lie in its "cache".
        overwrite: whether a report that is there is replaced.

    Returns:
        Paths of what was written.

    Raises:
        VideoFileError: as in `check_folder`, or if the folder cannot be written.

    Example:
        >>> km.evaluation.save(report, "report/")
    """
    folder = os.fspath(folder)
    check_folder(folder, overwrite)
    os.makedirs(folder, exist_ok=True)
    _write_media(report, folder)
    texts = {
        "report.csv": tables.to_csv(report),
        "report.md": tables.to_markdown(report),
        "report.html": page.to_html(report, MEDIA),
        REPORT: tables.to_json(report),
    }
    paths = []
    for name, text in texts.items():
        paths.append(os.path.join(folder, name))
        write_text(paths[-1], text)
    return paths


def write_text(path, text):
    """Writes a text file, whole or not at all, over an older one."""
    atomic.write_file(path, _writer(text), overwrite=True)


def _write_media(report, folder):
    new, old = (os.path.join(folder, f".{secrets.token_hex(6)}") for _ in range(2))
    place = os.path.join(folder, MEDIA)
    try:
        os.mkdir(new)
        page.write_media(report, new)
        if os.path.exists(place):
            os.rename(place, old)
        os.rename(new, place)
    except OSError as error:
        raise VideoFileError(f"Cannot write the clips: {error}.", folder) from error
    finally:
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)


def _writer(text):
    def write(path):
        # Names of files need not be text.
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)

    return write
