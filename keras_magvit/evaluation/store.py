"""Finished work in a folder, so that a killed run goes on where it stopped."""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_magvit.io import atomic

# Batches whose results are kept as one file.
BATCHES_A_FILE = 8
_NAME = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)*")
_DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)

Arrays = dict[str, np.ndarray]


def digest(description: Any) -> str:
    """The SHA-256 of plain data; the order of dicts does not count."""
    text = json.dumps(description, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Store:
    """Arrays by name, each file there whole or not at all.

    Two runs share a store's files exactly if their descriptions are equal, so whatever
    a result depends on belongs into the description.

    Args:
        root: the folder of all stores; made if it is missing.
        description: plain data that says what the arrays depend on.

    Attributes:
        made: how many arrays were computed rather than found.
    """

    def __init__(self, root: str | os.PathLike[str], description: Mapping[str, Any]):
        self.folder = os.path.join(os.fspath(root), digest(description)[:20])
        self.made = 0
        os.makedirs(self.folder, exist_ok=True)
        about = os.path.join(self.folder, "about.json")
        if not os.path.exists(about):
            text = json.dumps(description, indent=1, sort_keys=True, default=str)
            atomic.write_file(about, lambda place: _write_text(place, text), True)

    def get(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """The arrays of a name; what is missing or damaged is made and kept.

        Args:
            name: lower-case words joined by "-" and "_".
            make: function that computes them.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"`name` must be words. Received: name={name!r}")
        path = os.path.join(self.folder, f"{name}.npz")
        found = _load(path)
        if found is None:
            found = make()
            atomic.write_file(path, lambda place: _write_arrays(place, found), True)
            self.made += 1
        return found

    def has(self, name: str) -> bool:
        """Whether `get` would find it, damage aside."""
        return os.path.exists(os.path.join(self.folder, f"{name}.npz"))


def _load(path: str) -> Arrays | None:
    if not os.path.exists(path):
        return None
    try:
        # Opened here: NumPy leaves a damaged file open.
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            return dict(file)
    except _DAMAGED:
        return None


def _write_arrays(path: str, arrays: Arrays) -> None:
    with open(path, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # no name is an option's


def _write_text(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
