"""The arrays of a file by name, whatever the format, judged before they are read."""

import abc
import math
import os
import zipfile
import zlib
from typing import Any

import numpy as np

from keras_magvit.io import VideoFileError
from keras_magvit.io.arrays import read_header
from keras_magvit.io.errors import reason

# An .npz file is read into memory; .npy and HDF5 files are not.
_MOST_NPZ_BYTES = 2**33
_MOST_SMALL_BYTES = 2**30

_BAD_FILE: tuple[type[Exception], ...] = (
    *(OSError, ValueError, EOFError, KeyError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


class ArrayStore(abc.ABC):
    """Arrays by name.

    Args:
        path: the file.

    Attributes:
        names: the names there are.
    """

    names: tuple[str, ...]

    def __init__(self, path: str) -> None:
        self.path = path

    @abc.abstractmethod
    def array(self, name: str) -> Any:
        """Returns an array-like, of pixels; it slices, and can be pickled."""

    def small(self, name: str) -> np.ndarray:
        """Returns an array of numbers or text, in memory."""
        array = self.array(name)
        if math.prod(array.shape) * array.dtype.itemsize > _MOST_SMALL_BYTES:
            raise VideoFileError(f"The array {name!r} is too large.", self.path)
        return np.asarray(array[()])


def open_store(path: str) -> ArrayStore:
    """Opens an .npz, .npy, .h5 or .hdf5 file.

    Raises:
        VideoFileError: if it cannot be read.
        ImportError: if h5py is needed and missing.
    """
    suffix = os.path.splitext(path)[1].lower()
    kinds = {".npz": _NpzStore, ".npy": _NpyStore}
    try:
        return kinds.get(suffix, _Hdf5Store)(path)
    except VideoFileError:
        raise
    except _BAD_FILE as error:
        raise VideoFileError(f"Cannot read the file: {reason(error)}.", path) from error


class _NpyStore(ArrayStore):
    names = ("videos",)

    def array(self, name: str) -> "MappedArray":
        with open(self.path, "rb") as file:
            header = read_header(file, name, self.path)
            start = file.tell()
        shape, fortran, dtype = header
        _check_plain(dtype, name, self.path)
        claimed = math.prod(shape) * dtype.itemsize
        present = os.path.getsize(self.path) - start
        if claimed != present:
            raise VideoFileError(
                f"The file is cut or damaged: its header claims {claimed} bytes of data "
                f"and {present} are there.",
                self.path,
            )
        return MappedArray(self.path, start, shape, dtype, "F" if fortran else "C")


class MappedArray:
    """An array in a file that is opened when it is first read from.

    Args:
        path: the file.
        start: the byte where the data begins.
        shape: of the array.
        dtype: of the array.
        order: "C" or "F".
    """

    def __init__(
        self, path: str, start: int, shape: tuple[int, ...], dtype: Any, order: Any
    ) -> None:
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)
        self._place = (path, start, order)
        self._map: np.ndarray | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_map": None}

    def __getitem__(self, key: Any) -> np.ndarray:
        if self._map is None:
            path, start, order = self._place
            self._map = np.memmap(path, self.dtype, "r", start, self.shape, order)
        return np.asarray(self._map[key])


class _NpzStore(ArrayStore):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".npy")]
        self.names = tuple(name[: -len(".npy")] for name in members)

    def array(self, name: str) -> np.ndarray:
        try:
            with zipfile.ZipFile(self.path) as archive:
                info = archive.getinfo(f"{name}.npy")
                with archive.open(info) as member:
                    return self._read(member, info.file_size, name)
        except VideoFileError:
            raise
        except _BAD_FILE as error:
            raise VideoFileError(
                f"The .npz file is cut or damaged: {reason(error)}.", self.path
            ) from error

    def _read(self, member: Any, size: int, name: str) -> np.ndarray:
        shape, fortran, dtype = read_header(member, name, self.path)
        _check_plain(dtype, name, self.path)
        claimed, present = math.prod(shape) * dtype.itemsize, size - member.tell()
        if claimed != present:
            raise VideoFileError(
                f"The array {name!r} is cut or damaged: its header claims {claimed} "
                f"bytes and {present} are there.",
                self.path,
            )
        if claimed > _MOST_NPZ_BYTES:
            raise VideoFileError(
                f"The array {name!r} has {claimed} bytes, more than the limit of "
                f"{_MOST_NPZ_BYTES}; .npy and HDF5 files are not read into memory.",
                self.path,
            )
        data = member.read(claimed)
        if len(data) != claimed:
            raise VideoFileError(f"The array {name!r} is cut.", self.path)
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _check_plain(dtype: np.dtype, name: str, path: str) -> None:
    if dtype.hasobject:
        raise VideoFileError(
            f"The array {name!r} holds Python objects, which are never loaded.", path
        )


class _Hdf5Store(ArrayStore):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        names: list[str] = []
        with _import_h5py().File(path, "r") as file:
            # Links, and what they lead to, are not visited.
            file.visit(names.append)
        self.names = tuple(names)

    def array(self, name: str) -> "Hdf5Array":
        with _import_h5py().File(self.path, "r") as file:
            data = file[name]
            # Both could lead to any other file.
            if not hasattr(data, "shape") or data.is_virtual or data.external:
                raise VideoFileError(
                    f"{name!r} is not an array with its data in this file.", self.path
                )
            return Hdf5Array(self.path, name, data.shape, data.dtype)


class Hdf5Array:
    """An array of an HDF5 file that is opened when it is first read from.

    Args:
        path: the file.
        name: of the array in it.
        shape: of the array.
        dtype: of the array.
    """

    def __init__(self, path: str, name: str, shape: tuple[int, ...], dtype: Any):
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)
        self._place = (path, name)
        self._data: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_data": None}

    def __getitem__(self, key: Any) -> np.ndarray:
        path, name = self._place
        try:
            if self._data is None:
                self._data = _import_h5py().File(path, "r")[name]
            is_text = self.dtype.kind == "O"
            return np.asarray((self._data.asstr() if is_text else self._data)[key])
        except (OSError, RuntimeError) as error:  # a chunk that is cut or damaged
            raise VideoFileError(
                f"The array {name!r} cannot be read: {reason(error)}.", path
            ) from error


def _import_h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            "Reading HDF5 files needs h5py, which Keras brings. Install it with: "
            "pip install h5py"
        ) from error
    return h5py
