"""Folders that are replaced whole or not at all.

A new folder is filled beside its place, flushed to the disk, and swapped in. Linux swaps
two folders in one step. Elsewhere the old folder steps aside first: a kill between the
two renames leaves it complete under its other name, and `recover` puts it back.

    .name-1a2b3c4d.xxxxxxxx.new    being filled; after a swap in one step, the old folder
    .name-1a2b3c4d.xxxxxxxx.old    the old folder, stepped aside

This file imports nothing but the standard library, so that its tests can fork and kill.
"""

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import sys

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h
_ATTEMPTS = 16  # against other processes that save to the same place


def replace_folder(path, write):
    """Fills a folder and puts it in the place of another one, or of nothing.

    Args:
        path: the folder.
        write: called with a new, empty folder, to fill it.

    Raises:
        OSError: if something cannot be written. The old folder is untouched then.
    """
    path = os.path.realpath(path)
    recover(path)
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    _sweep(path)
    staging = _beside(path, "new")
    leftover = staging
    os.mkdir(staging)
    try:
        with _locked(staging):
            write(staging)
            _sync_tree(staging)
            leftover = _swap(staging, path)
            _sync(parent)
    finally:
        # Also after a Ctrl-C. What a kill leaves, the next save sweeps away.
        if leftover is not None:
            shutil.rmtree(leftover, ignore_errors=True)


def recover(path):
    """Finishes a replacement that was killed between its two renames.

    Args:
        path: a folder that may be missing for that reason.

    Returns:
        Where the folder is: `path`, unless the old folder stepped aside and cannot be
        put back because nothing may be written there.
    """
    path = os.path.normpath(path)
    if os.path.lexists(path):
        return path
    aside = sorted(_siblings(path, "old"), key=os.path.getmtime)
    if not aside:
        return path
    try:
        os.rename(aside[-1], path)
    except OSError:
        # Another process may have been quicker.
        return path if os.path.lexists(path) else aside[-1]
    return path


def _swap(staging, path):
    """Puts `staging` at `path`; returns the folder that is left to remove, or None."""
    for _ in range(_ATTEMPTS):
        if not os.path.lexists(path):
            try:
                os.rename(staging, path)
            except OSError:
                if not os.path.lexists(path):
                    raise
                continue  # another process was quicker: once more
            return None
        if _exchange(staging, path):
            return staging
        old = _beside(path, "old")
        try:
            os.rename(path, old)
        except FileNotFoundError:
            continue
        try:
            os.rename(staging, path)
        except OSError:
            if not os.path.lexists(path):
                os.rename(old, path)
                raise
            continue  # a reader has put the old folder back: once more
        return old
    raise OSError(f"Other processes keep replacing {path!r}")


def _exchange(first, second):
    """Swaps two folders in one step; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    arguments = (_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second))
    # Any failure: the portable way either works or says what is wrong.
    return renameat2(*arguments, _RENAME_EXCHANGE) == 0


# === Names beside the folder =========================================================


def _prefix(path):
    # Cut, because the name itself may use up what the file system allows.
    name = os.path.basename(path)
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    return f".{name[:32]}-{digest}."


def _beside(path, ending):
    name = f"{_prefix(path)}{secrets.token_hex(4)}.{ending}"
    return os.path.join(os.path.dirname(path), name)


def _siblings(path, ending):
    parent = os.path.dirname(os.path.abspath(path))
    prefix = _prefix(path)
    try:
        names = os.listdir(parent)
    except OSError:
        return []
    return [
        os.path.join(parent, name)
        for name in names
        if name.startswith(prefix) and name.endswith(f".{ending}")
    ]


def _sweep(path):
    """Removes what killed replacements left, never what a live one is filling."""
    leftovers = _siblings(path, "new")
    if os.path.lexists(path):
        leftovers += _siblings(path, "old")
    for leftover in leftovers:
        with contextlib.suppress(OSError), _locked(leftover) as mine:
            if mine:
                shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder):
    """Holds the folder's lock, which ends with the process; yields whether it could.

    Where folders cannot be locked nothing is ever swept.
    """
    if fcntl is None:
        yield False
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = True
        except OSError:
            mine = False
        yield mine
    finally:
        os.close(handle)


# === To the disk =====================================================================


def _sync_tree(folder):
    for root, _, files in os.walk(folder):
        for name in files:
            _sync(os.path.join(root, name))
        _sync(root)


def _sync(path):
    if os.path.islink(path):
        return
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # folders on Windows
        return
    try:
        os.fsync(handle)
    except OSError:
        if not os.path.isdir(path):  # some file systems cannot flush folders
            raise
    finally:
        os.close(handle)
