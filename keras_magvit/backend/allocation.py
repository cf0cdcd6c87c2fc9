"""Freed memory stays with the process: what a CPU computes in is not fetched anew."""

import ctypes
import os
import sys

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4

_CHOSEN_ELSEWHERE = ("GLIBC_TUNABLES", "LD_PRELOAD", "MALLOC_")


def keep_freed_memory():
    """Tells glibc not to return freed memory to the kernel.

    It returns every block of more than 32 MiB, and the kernel fills it with zeros, page
    by page, when the next tensor wants it: more than half of a training step of
    PyTorch's in bfloat16. What the process held at its peak it holds to its end.

    Nothing happens where another C library allocates, where the environment already
    says how malloc shall work, or with KERAS_MAGVIT_KEEP_MEMORY=0.

    Returns:
        Whether malloc was told.
    """
    chosen = any(name.startswith(_CHOSEN_ELSEWHERE) for name in os.environ)
    refused = os.environ.get("KERAS_MAGVIT_KEEP_MEMORY") == "0"
    if sys.platform != "linux" or chosen or refused:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return mallopt(_M_MMAP_MAX, 0) == 1 and mallopt(_M_TRIM_THRESHOLD, -1) == 1
