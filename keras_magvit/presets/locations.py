"""From what the user wrote to the folder it means."""

import difflib
import os

from keras_magvit.presets import hub, replacing
from keras_magvit.presets.errors import Refusal
from keras_magvit.presets.folder import Folder
from keras_magvit.presets.table import PRESETS

_SCHEMES = ("hf", "kaggle")


def row_of(preset):
    """The row of the table, or None. A `pathlib.Path` always means a folder."""
    return PRESETS.get(preset) if isinstance(preset, str) else None


def folder_of(preset):
    """The folder of a preset that is not a row of the table.

    Args:
        preset: a path, or a handle `hf://...` or `kaggle://...`.

    Returns:
        A `Folder`.

    Raises:
        ImportError: if the client of a hub is not installed.
        Refusal: if there is no such preset.
    """
    try:
        text = os.fspath(preset)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise Refusal("`preset` must be a name, a folder or a handle.")
    scheme, separator, _ = text.partition("://")
    if separator and scheme in _SCHEMES:
        return Folder(*hub.download(text))
    if separator:
        raise Refusal(f"Handles start with one of {[f'{s}://' for s in _SCHEMES]}.")
    path = replacing.recover(os.path.realpath(os.path.expanduser(text)))
    if os.path.isdir(path):
        return Folder(path)
    if os.path.lexists(path):
        raise Refusal("A preset is a folder; this is a file.")
    raise Refusal(_unknown(text))


def _unknown(text):
    close = difflib.get_close_matches(text, PRESETS, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return (
        f"There is no preset and no folder of that name.{hint} "
        "`keras_magvit.presets()` lists the names; a folder, 'hf://user/name' and "
        "'kaggle://owner/model/framework/variation' are taken too."
    )
