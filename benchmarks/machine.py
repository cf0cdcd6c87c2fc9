"""The machine, its memory, and which versions ran."""

import importlib.metadata
import os
import platform
import resource
import sys
from pathlib import Path

_FRAMEWORKS = {
    "jax": ("jax", "jaxlib"),
    "plain-jax": ("jax", "jaxlib"),
    "tensorflow": ("tensorflow",),
    "torch": ("torch",),
}


def cores():
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_cores(count):
    """Keeps this process, and the threads that it will start, on `count` cores.

    Call it before a framework is imported: it makes as many threads as it sees cores.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise ValueError(
            f"Cores can be chosen on Linux alone. Received: threads={count}"
        )
    available = sorted(os.sched_getaffinity(0))
    if not 1 <= count <= len(available):
        raise ValueError(
            f"`threads` must be between 1 and the {len(available)} cores of this "
            f"process. Received: threads={count}"
        )
    os.sched_setaffinity(0, available[:count])


def processor():
    """Cores, their name, and the instructions that matter."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    flags = text.split()
    names = [line for line in text.splitlines() if line.startswith("model name")]
    name = f" of {names[0].partition(':')[2].strip()}" if names else ""
    known = {"avx512f": "AVX-512", "avx512_bf16": "AVX-512 BF16", "amx_tile": "AMX"}
    found = [known[flag] for flag in known if flag in flags]
    return ", ".join([f"{os.cpu_count()} cores{name}", *found])


def versions(backend):
    """Versions of what a backend's figures depend on."""
    names = ("keras-magvit", "keras", "numpy", *_FRAMEWORKS[backend])
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), **found}


def resident_gib():
    """Memory that this process holds now, in GiB; None where it is not told."""
    return _status("VmRSS")


def peak_resident_gib():
    """The most memory that this process ever held, in GiB."""
    # On Linux `getrusage` counts what the parent held when it started this process.
    peak = _status("VmHWM")
    if peak is None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak /= 2**30 if sys.platform == "darwin" else 2**20
    return peak


def _status(name):
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return None
    found = [line for line in text.splitlines() if line.startswith(f"{name}:")]
    return int(found[0].split()[1]) / 2**20 if found else None


def load():
    """Processes that wanted a core in the last minute: below 1 on a quiet machine."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
