"""Random access to TFRecord files, without TensorFlow."""

import os
import struct
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_magvit.io import VideoFileError

# A record: its length, a checksum of that, the bytes, and a checksum of those.
_LENGTH = struct.Struct("<Q")
_BEFORE, _AFTER = 12, 4


class TFRecords:
    """The records of some files, by number.

    The files are indexed when a record is first asked for: one small read a record. The
    checksums are not verified; what a damaged record holds fails to parse.

    Args:
        instructions: which records of which files: objects with `filename`, `skip` and
            `take` (-1 for all that follow), as TFDS gives for a split.
    """

    def __init__(self, instructions: Sequence[Any]) -> None:
        self._parts = [(str(i.filename), i.skip, i.take) for i in instructions]
        self._index: tuple[list[np.ndarray], np.ndarray] | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = {**state, "_lock": threading.Lock()}

    def __len__(self) -> int:
        _, ends = self._indexed()
        return int(ends[-1]) if len(ends) else 0

    def __getitem__(self, number: int) -> bytes:
        """Returns the bytes of a record.

        Raises:
            VideoFileError: if a file is damaged.
        """
        offsets, ends = self._indexed()
        part = int(np.searchsorted(ends, number, side="right"))
        place = number - (int(ends[part - 1]) if part else 0)
        start, end = offsets[part][place]
        with open(self._parts[part][0], "rb") as file:
            file.seek(start)
            return file.read(end - start)

    def _indexed(self) -> tuple[list[np.ndarray], np.ndarray]:
        """Where the records lie: `(n, 2)` for each file; and the running counts."""
        with self._lock:
            if self._index is None:
                offsets = []
                for name, skip, take in self._parts:
                    end = None if take < 0 else skip + take
                    offsets.append(_scan(name)[skip:end])
                ends = np.cumsum([len(part) for part in offsets], dtype=np.int64)
                self._index = offsets, ends
            return self._index


def _scan(path: str) -> np.ndarray:
    """Where each record begins and ends, int64 `(n, 2)`."""
    size, place, found = os.path.getsize(path), 0, []
    with open(path, "rb") as file:
        while place < size:
            file.seek(place)
            header = file.read(_LENGTH.size)
            length = _LENGTH.unpack(header)[0] if len(header) == _LENGTH.size else size
            start, end = place + _BEFORE, place + _BEFORE + length
            if end + _AFTER > size:
                raise VideoFileError("Damaged file: a TFRecord is cut off.", path)
            found.append((start, end))
            place = end + _AFTER
    return np.asarray(found, np.int64).reshape(-1, 2)
