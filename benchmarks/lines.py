"""Lines of results: one JSON object a line, kept, and not measured twice."""

import json
import os
from pathlib import Path

# What a line holds, beside "case", the fields of its `Case`.
FIELDS = (
    "key",
    "seconds",  # the median of "runs"
    "seconds_low",
    "seconds_high",
    "runs",
    "first_seconds",
    "compile_seconds",  # the first run's time beyond the median
    "parts",  # seconds by part: transformer, tokenizer
    "seconds_a_frame",
    "peak_memory_gib",  # resident, of the process
    "memory_before_gib",  # resident, with the framework and no model
    "peak_device_memory_gib",
    "flops",
    "gflops_per_second",
    "ceiling",  # GFLOP/s of the largest product and the widest convolution
    "share_of_ceiling",
    "device",
    "machine",
    "threads",
    "load",  # of the machine, in the minute before the runs
    "versions",
    "date",
)


def read(path):
    """The lines of a file, in order; none if there is no file.

    A line that was broken off while it was written is left out.

    Raises:
        ValueError: if another line is not a result.
    """
    if not os.path.exists(path):
        return []
    found = []
    for number, text in enumerate(Path(path).read_text().splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
            if text.startswith("{"):
                continue
        if not isinstance(line, dict) or not {"key", "case"} <= set(line):
            raise ValueError(
                f"Every line must be a result of `benchmarks`. Received: {path}, "
                f"line {number}: {text[:80]!r}"
            )
        found.append(line)
    return found


def latest(lines):
    """The last line of each key, by key."""
    return {line["key"]: line for line in lines}


def append(path, line):
    """Adds a line to a file, which is made if there is none."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")
    with path.open("a") as file:
        file.write(("" if whole else "\n") + json.dumps(line) + "\n")
