"""Where the bytes of a video are: a file, or a run of bytes inside one."""

import io
import os
from dataclasses import dataclass
from typing import BinaryIO, cast


@dataclass(frozen=True)
class Span:
    """A whole file, or one member of an archive that stores its members as they are.

    It passes for a path, which is the name that errors show.

    Args:
        path: the file on disk.
        start: the first byte, from 0.
        length: how many bytes; None takes all there are.
        name: what errors call it, and whose suffix tells the kind; None is the path.
    """

    path: str
    start: int = 0
    length: int | None = None
    name: str | None = None

    def __fspath__(self) -> str:
        return self.name or self.path

    @property
    def is_whole(self) -> bool:
        """Whether this is a whole file."""
        return self.length is None

    @property
    def size(self) -> int:
        """The number of bytes; raises OSError if the file cannot be looked at."""
        return os.path.getsize(self.path) if self.length is None else self.length

    def open(self) -> BinaryIO:
        """Opens it for reading; raises OSError if that fails."""
        if self.length is None:
            return open(self.path, "rb")
        part = _Part(open(self.path, "rb", buffering=0), self.start, self.length)
        return cast(BinaryIO, io.BufferedReader(part))


class _Part(io.RawIOBase):
    """A run of bytes of an open file, as a file of its own."""

    def __init__(self, file: io.RawIOBase, start: int, length: int) -> None:
        self._file, self._start, self._length = file, start, length
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence, self._length)
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        room = max(0, min(len(buffer), self._length - self._position))
        self._file.seek(self._start + self._position)
        read = self._file.readinto(memoryview(buffer)[:room]) or 0
        self._position += read
        return read

    def close(self) -> None:
        self._file.close()
        super().close()
