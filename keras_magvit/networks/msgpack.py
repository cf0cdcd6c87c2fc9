"""Arrays out of Flax' msgpack files, without Flax and without its pickles.

A file is one value: maps with string keys around arrays, which travel as extension type
1: another msgpack value, `[shape, name of the dtype, bytes]`.

Reference: https://github.com/msgpack/msgpack/blob/master/spec.md; `flax.serialization`.
"""

import math
import os
import struct

import numpy as np

from keras_magvit.networks.weights import WeightsError, check_size

_NDARRAY = 1
_MAX_VALUES = 100_000
_DTYPES = {"float16", "float32", "float64", "int32", "int64", "uint8"}
_NUMBERS = {
    **{0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"},
    **{0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"},
}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
# First byte -> bytes of the length that follows.
_BINARIES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}


def read_flax(path: str | os.PathLike) -> dict:
    """The tree of a file that `flax.serialization.to_bytes` wrote.

    Args:
        path: the file.

    Returns:
        Nested dicts with arrays, numbers, strings and lists as leaves.

    Raises:
        WeightsError: if the file is damaged or holds anything else.
    """
    check_size(path)
    with open(path, "rb") as file:
        data = memoryview(file.read())
    try:
        reader = _Reader(data)
        tree = reader.value()
        if reader.place != len(data) or not isinstance(tree, dict):
            raise ValueError("it is no single map")
    except (ValueError, struct.error, RecursionError, TypeError) as error:
        raise WeightsError(
            f"The file cannot be read as Flax' weights: {error}. "
            f"Received: path={str(path)!r}"
        ) from error
    return tree


class _Reader:
    """Reads one value after another; every length is held against what is left."""

    def __init__(self, data):
        self.data, self.place, self.count = data, 0, 0

    def value(self):
        self.count += 1
        if self.count > _MAX_VALUES:
            raise ValueError("it holds more values than any network has arrays")
        kind = self._number(">B")
        if kind < 0x80 or kind >= 0xE0:
            return kind if kind < 0x80 else kind - 0x100
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        if kind < 0x90:
            return self._map(kind & 0x0F)
        if kind < 0xA0:
            return self._list(kind & 0x0F)
        if kind < 0xC0:
            return self._string(kind & 0x1F)
        if 0xD4 <= kind <= 0xD8:
            return self._extension(1 << (kind - 0xD4))
        for kinds, read in (
            (_BINARIES, self._bytes),
            (_STRINGS, self._string),
            (_ARRAYS, self._list),
            (_MAPS, self._map),
            (_EXTENSIONS, self._extension),
        ):
            if kind in kinds:
                return read(int.from_bytes(self._bytes(kinds[kind]), "big"))
        raise ValueError(f"byte {kind:#x} begins nothing")

    def _bytes(self, count):
        if count > len(self.data) - self.place:
            raise ValueError("it ends too early")
        self.place += count
        return self.data[self.place - count : self.place]

    def _number(self, form):
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _string(self, count):
        return str(self._bytes(count), "utf-8")

    def _list(self, count):
        return [self.value() for _ in range(count)]

    def _map(self, count):
        found = {}
        for _ in range(count):
            key = self.value()
            if not isinstance(key, str) or key in found:
                raise ValueError("a key is no string, or there twice")
            found[key] = self.value()
        return found

    def _extension(self, count):
        if self._number(">b") != _NDARRAY:
            raise ValueError("it holds an extension other than an array")
        shape, dtype, data = _Reader(self._bytes(count)).value()
        if dtype not in _DTYPES or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"an array claims {shape} of {dtype}")
        dtype = np.dtype(dtype).newbyteorder("<")
        if not isinstance(data, memoryview) or math.prod(shape) * dtype.itemsize != len(
            data
        ):
            raise ValueError(f"an array claims {shape} of {dtype}, which it is not")
        return np.frombuffer(data, dtype).reshape(shape)
