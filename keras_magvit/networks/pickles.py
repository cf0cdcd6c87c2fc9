"""Pickled weights without the dangers of pickle, and PyTorch's files without PyTorch.

A pickle names the functions that rebuild its objects; an unpickler that looks the names
up in a short table, and nowhere else, can build arrays and containers and nothing more.
"""

import collections
import io
import math
import os
import pickle
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from keras_magvit.networks.weights import WeightsError, check_size

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}

# === Any pickle ======================================================================


def _reconstruct(kind, shape, typecode):
    """numpy's function of this name, for plain arrays alone."""
    if kind is not np.ndarray:
        raise pickle.UnpicklingError("only plain arrays can be rebuilt")
    return np.ndarray.__new__(np.ndarray, (0,), "b")


def _encode(text, encoding):
    """`_codecs.encode`, by which old pickles spell bytes."""
    return text.encode("latin1")


# What a pickle of numpy arrays names, old and new.
NUMPY: dict[str, Callable] = {
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy._core.multiarray._reconstruct": _reconstruct,
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": np.dtype,
    "_codecs.encode": _encode,
    "collections.OrderedDict": collections.OrderedDict,
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, allowed):
        super().__init__(file, encoding="latin1")
        self._allowed = allowed

    def find_class(self, module, name):
        try:
            return self._allowed[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which weights do not need"
            ) from None

    def persistent_load(self, pid):
        kind, dtype, key, _, size = pid[:5]
        # A sixth entry would be a view of another storage, which nothing writes today.
        if kind != "storage" or not isinstance(dtype, np.dtype) or any(pid[5:]):
            raise pickle.UnpicklingError("it refers to an unknown kind of storage")
        return _Storage(str(key), dtype, int(size))


def restricted_load(
    source: str | os.PathLike | BinaryIO, allowed: Mapping[str, Callable] = NUMPY
) -> Any:
    """Loads a pickle that may use the named functions and classes, and no others.

    Args:
        source: path of the file, or an open binary file.
        allowed: full name, such as "numpy.dtype", -> what stands for it.

    Raises:
        WeightsError: if the pickle is damaged or asks for anything else.
    """
    if hasattr(source, "read"):
        path = getattr(source, "name", "an open file")
        return _refusing(path, _Unpickler(source, allowed).load)
    check_size(source)
    with open(source, "rb") as file:
        return _refusing(source, _Unpickler(file, allowed).load)


def _refusing(path, function, *arguments):
    try:
        return function(*arguments)
    # A broken pickle or archive ends in nearly any exception.
    except Exception as error:
        raise WeightsError(
            f"The file cannot be read as weights: {error}. Received: path={str(path)!r}"
        ) from error


# === PyTorch's files =================================================================


class _Storage(NamedTuple):
    """One block of numbers of a file, by its key."""

    key: str
    dtype: np.dtype
    size: int


class _Tensor(NamedTuple):
    """A view of a storage, offset and strides in elements."""

    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple


class _Module:
    """Stands for any class that a TorchScript archive defines: a bag of attributes."""

    def __setstate__(self, state):
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("a module has a state that is no dict")
        self.__dict__.update(state)


def _rebuild_tensor(storage, offset, shape, strides, *_):
    return _Tensor(storage, int(offset), tuple(shape), tuple(strides))


def _first(value, *_):
    return value


class _TorchNames(dict):
    """What the pickles of PyTorch may name; classes of the archive itself are bags."""

    def __missing__(self, name):
        if name.startswith("__torch__."):
            return _Module
        raise KeyError(name)


_TORCH = _TorchNames(
    {
        "collections.OrderedDict": collections.OrderedDict,
        "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
        "torch._utils._rebuild_parameter": _first,
        **{f"torch.{name}": np.dtype(code) for name, code in _STORAGES.items()},
        # Lists of numbers among the attributes of scripted modules.
        **{
            f"torch.jit._pickle.{name}": _first
            for name in ("build_intlist", "build_doublelist", "build_boollist")
        },
        "torch.jit._pickle.restore_type_tag": _first,
    }
)


def read_torch(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The tensors of a PyTorch file by name, without PyTorch and without its pickle.

    Args:
        path: a state dict that `torch.save` wrote, in the zip format or the one before
            it, alone or below "state_dict"; or a TorchScript archive.

    Returns:
        Name, with dots, -> array, in the order of the file.

    Raises:
        WeightsError: if it is none of these, is damaged, or names anything but tensors
            and containers.
    """
    check_size(path)
    return _refusing(path, _read, path)


def _read(path):
    with open(path, "rb") as file:
        read = _read_zip if zipfile.is_zipfile(file) else _read_legacy
        file.seek(0)
        tensors, storages = read(file)
    if not tensors:
        raise ValueError("it holds no tensors")
    return {name: _as_array(tensor, storages) for name, tensor in tensors.items()}


def _read_zip(file):
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        root = next((n for n in names if n.endswith("/data.pkl")), None)
        if root is None:
            raise ValueError("the archive has no data.pkl")
        root = root.removesuffix("data.pkl")

        def stored(name):
            # PyTorch never compresses: what unpacks to more than is there is an attack.
            if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
                raise ValueError("the archive is compressed")
            return archive.read(name)

        if f"{root}byteorder" in names and stored(f"{root}byteorder") != b"little":
            raise ValueError("its numbers are not little-endian")
        found = _Unpickler(io.BytesIO(stored(f"{root}data.pkl")), _TORCH).load()
        tensors = _named_tensors(found)
        keys = {tensor.storage.key for tensor in tensors.values()}
        return tensors, {key: stored(f"{root}data/{key}") for key in keys}


def _read_legacy(file):
    """Magic number, version, system, the object, the storages' keys, the storages."""
    load = [_Unpickler(file, _TORCH) for _ in range(5)]
    if load[0].load() != _LEGACY_MAGIC:
        raise ValueError("it is no file of PyTorch")
    load[1].load()
    if load[2].load().get("little_endian") is not True:
        raise ValueError("its numbers are not little-endian")
    tensors = _named_tensors(load[3].load())
    held = {t.storage.key: t.storage for t in tensors.values()}
    storages = {}
    for key in load[4].load():
        count = int.from_bytes(file.read(8), "little")
        if key not in held or count != held[key].size:
            raise ValueError(f"storage {key} is not the one that its tensors have")
        storages[key] = file.read(count * held[key].dtype.itemsize)
    return tensors, storages


def _named_tensors(found):
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    tensors = {}

    def collect(value, name):
        if isinstance(value, _Tensor):
            tensors[name] = value
        elif isinstance(value, (dict, _Module)):
            inner = value if isinstance(value, dict) else vars(value)
            for key, item in inner.items():
                collect(item, f"{name}.{key}" if name else str(key))

    collect(found, "")
    return tensors


def _as_array(tensor, storages):
    storage, offset, shape, strides = tensor
    values = np.frombuffer(storages[storage.key], storage.dtype)
    if len(shape) != len(strides) or min((0, offset, *shape, *strides)) < 0:
        raise ValueError("a tensor has impossible strides")
    last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    # Strides of zero would let a small file claim any amount of memory.
    if math.prod(shape) > len(values) or (math.prod(shape) and last >= len(values)):
        raise ValueError("a tensor is larger than its storage")
    steps = tuple(s * values.itemsize for s in strides)
    view = np.lib.stride_tricks.as_strided(values[offset:], shape, steps)
    return np.array(view, order="C")
