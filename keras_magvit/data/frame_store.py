"""A folder of arrays of frames, bounded in bytes, that several processes may share."""

import hashlib
import os
import secrets
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_MAGIC = b"KMFRAME1"
_HEADER = struct.Struct("<8sQQQd")
_DATA_START = 64  # the header, filled up so that the frames are aligned

_SUFFIX, _PARTIAL = ".frames", ".partial"

# A half-written file older than this was left by a process that died.
_STALE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class StoredFrames:
    """The frames of one video in the store.

    Args:
        path: the file.
        shape: `(T, H, W)`.
        frame_rate: frames a second.
    """

    path: Path
    shape: tuple[int, int, int]
    frame_rate: float

    def frames(self, indices: list[int]) -> np.ndarray:
        """Reads some frames and no others: uint8 `(len(indices), H, W, 3)`."""
        shape = (*self.shape, 3)
        return np.memmap(self.path, np.uint8, "r", _DATA_START, shape)[indices]


class FrameStore:
    """Keeps frames under names, in at most so many bytes.

    A file appears whole or not at all. Where room is needed, files that nobody used
    since this object was made give way, the longest unused first; files in use stay,
    and what does not fit is not kept.

    Args:
        folder: made if it is missing.
        most_bytes: how large all files together may be.

    Raises:
        ValueError: if the folder cannot be made or written to.
    """

    def __init__(self, folder: str | os.PathLike[str], most_bytes: int) -> None:
        self.folder, self.most_bytes = Path(folder), most_bytes
        self._born = time.time()
        self._counted = False
        self._idle: list[tuple[float, Path, int]] | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._locked():
                self._remove_stale()
        except OSError as error:
            raise ValueError(
                f"The cache must be a folder that can be written to: {error.strerror}. "
                f"Received: cache={os.fspath(folder)!r}"
            ) from error

    def find(self, name: str) -> StoredFrames | None:
        """Returns what is kept under a name, and marks it as used; None if nothing."""
        path = self._path(name)
        try:
            with open(path, "rb") as file:
                head = file.read(_HEADER.size)
                size = os.fstat(file.fileno()).st_size
            magic, *shape, frame_rate = _HEADER.unpack(head)
            whole = magic == _MAGIC and size == _file_bytes(shape)
        except (OSError, struct.error):
            return None
        if not whole:  # cut by a crash of the machine
            path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            os.utime(path)
        return StoredFrames(path, tuple(shape), frame_rate)

    def has_room(self, shape: tuple[int, int, int]) -> bool:
        """Whether frames `(T, H, W)` could be kept, after what is unused has gone."""
        with self._locked():
            missing = self._total() + _file_bytes(shape) - self.most_bytes
            return missing <= 0 or missing <= sum(size for *_, size in self._unused())

    def keep(
        self,
        name: str,
        frames: Iterable[np.ndarray],
        shape: tuple[int, int, int],
        frame_rate: float,
    ) -> StoredFrames | None:
        """Writes frames under a name, one by one.

        Args:
            name: any text.
            frames: uint8 `(H, W, 3)` each, T of them.
            shape: `(T, H, W)`.
            frame_rate: frames a second.

        Returns:
            What was kept, or None if there is no room for it.

        Raises:
            OSError: if it cannot be written. Nothing is left behind then, nor if
                `frames` raises.
            ValueError: if the frames have another shape.
        """
        path = self._path(name)
        path.parent.mkdir(exist_ok=True)
        partial = path.with_name(f"{secrets.token_hex(8)}{_PARTIAL}")
        try:
            with open(partial, "wb") as file:
                header = _HEADER.pack(_MAGIC, *shape, frame_rate)
                file.write(header.ljust(_DATA_START, b"\0"))
                for frame in frames:
                    file.write(np.ascontiguousarray(frame).data)
            size = partial.stat().st_size
            if size != _file_bytes(shape):
                raise ValueError(
                    f"frames must have the shape {shape}. Received: {size} bytes"
                )
            return self._admit(partial, path, size)
        finally:
            partial.unlink(missing_ok=True)

    def _admit(self, partial: Path, path: Path, size: int) -> StoredFrames | None:
        with self._locked():
            if not path.exists():
                if not self._make_room(size):
                    return None
                os.replace(partial, path)
                self._write_total(self._total() + size)
        with open(path, "rb") as file:
            _, *shape, frame_rate = _HEADER.unpack(file.read(_HEADER.size))
        return StoredFrames(path, tuple(shape), frame_rate)

    def _path(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        return self.folder / digest[:2] / f"{digest}{_SUFFIX}"

    # === Bytes; all of these are called with the lock held ============================

    def _total(self) -> int:
        """The bytes of all files: counted once, then kept in a file by all processes."""
        try:
            if self._counted:
                return int((self.folder / "bytes").read_text())
        except (OSError, ValueError):
            pass
        total = sum(size for _, size, _ in self._files())
        self._counted = True
        self._write_total(total)
        return total

    def _write_total(self, total: int) -> None:
        (self.folder / "bytes").write_text(str(total))

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        for path in self.folder.glob(f"??/*{_SUFFIX}"):
            with suppress(OSError):
                status = path.stat()
                yield path, status.st_size, status.st_mtime

    def _unused(self) -> list[tuple[float, Path, int]]:
        """Files of earlier runs, the longest unused last; listed once."""
        if self._idle is None:
            files = ((used, path, size) for path, size, used in self._files())
            self._idle = sorted((f for f in files if f[0] < self._born), reverse=True)
        return self._idle

    def _make_room(self, size: int) -> bool:
        total, unused = self._total(), self._unused
        while total + size > self.most_bytes and unused():
            _, path, bytes_ = unused().pop()
            with suppress(OSError):
                if path.stat().st_mtime < self._born:
                    path.unlink()
                    total -= bytes_
        self._write_total(total)
        return total + size <= self.most_bytes

    def _remove_stale(self) -> None:
        for path in self.folder.glob(f"??/*{_PARTIAL}"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - _STALE_SECONDS:
                    path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Holds the folder's lock, against threads and other processes."""
        with open(self.folder / "lock", "a") as file:
            # Windows has none: there the bound holds for one process alone.
            with suppress(ImportError):
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _file_bytes(shape: Iterable[int]) -> int:
    count, height, width = shape
    return _DATA_START + 3 * count * height * width
