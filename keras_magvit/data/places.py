"""Where datasets lie on this machine."""

import os
from pathlib import Path


def data_folder() -> Path:
    """Returns the folder of prepared datasets; it need not exist.

    `$KERAS_MAGVIT_DATA` where it is set, else `keras_magvit/data` in the user's cache
    folder (`$XDG_CACHE_HOME`, else `~/.cache`).
    """
    if chosen := os.environ.get("KERAS_MAGVIT_DATA"):
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "keras_magvit" / "data"
