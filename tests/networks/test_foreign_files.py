"""Readers of .npz and msgpack: equal to the writers' own, and hostile bytes are refused."""

import struct
import zipfile

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.networks.msgpack import read_flax
from keras_magvit.networks.npz import read_npz
from keras_magvit.networks.weights import WeightsError
from tests.conftest import once

pytestmark = once

_LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.text(max_size=33)),
    *(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False)),
)
_NAMES = st.text(max_size=3)
# Lengths of both kinds: those that fit into the first byte, and longer ones.
_TREES = st.dictionaries(
    _NAMES,
    st.recursive(
        _LEAVES,
        lambda inner: (
            st.lists(inner, max_size=18) | st.dictionaries(_NAMES, inner, max_size=18)
        ),
        max_leaves=20,
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("files") / "weights"


@given(_TREES)
@settings(max_examples=30, deadline=None)
def test_msgpack_equals_the_package(file, tree):
    file.write_bytes(msgpack.packb(tree))
    assert read_flax(file) == tree


def _array(array, dtype=None, shape=None):
    value = (shape or array.shape, dtype or array.dtype.name, array.tobytes())
    return msgpack.ExtType(1, msgpack.packb(value))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8"])
def test_flax_arrays(file, dtype):
    arrays = [np.arange(n, dtype=dtype).reshape(-1, 1) for n in (0, 1, 3, 1000, 70_000)]
    file.write_bytes(msgpack.packb({str(i): _array(a) for i, a in enumerate(arrays)}))
    found = read_flax(file)
    for i, array in enumerate(arrays):
        np.testing.assert_array_equal(found[str(i)], array)
        assert found[str(i)].shape == array.shape and found[str(i)].dtype == dtype


@given(_TREES, st.data())
@settings(max_examples=30, deadline=None)
def test_damage_ends_in_one_error(file, tree, data):
    whole = msgpack.packb({**tree, "a": _array(np.arange(6.0))})
    place = data.draw(st.integers(0, len(whole) - 1))
    broken = bytearray(whole)
    broken[place] ^= data.draw(st.integers(1, 255))
    for content in (bytes(broken), whole[:place]):
        file.write_bytes(content)
        try:
            assert isinstance(read_flax(file), dict)
        except WeightsError as error:
            assert "Received: path=" in str(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (msgpack.packb([1]), "no single map"),
        (msgpack.packb({"a": 1}) + b"\x00", "no single map"),
        (b"\x81\x01\x01", "a key is no string"),
        (b"\x82\xa1a\x01\xa1a\x02", "there twice"),
        (msgpack.packb({"a": msgpack.ExtType(2, b"abc")}), "other than an array"),
        (b"\xdf\xff\xff\xff\xff", "ends too early"),
        (b"\x81\xa1a\xc6\xff\xff\xff\xff", "ends too early"),
        (b"\x81\xa1a\xdd\x00\x04\x00\x00" + b"\xc0" * 0x40000, "more values than"),
        (b"\x81\xa1a\xc1", "begins nothing"),
        (b"\x81\xa1a" * 3000, "cannot be read"),
        (msgpack.packb({"a": _array(np.zeros(3), shape=(4,))}), "which it is not"),
        (msgpack.packb({"a": _array(np.zeros(3), shape=(-3,))}), "claims"),
        (msgpack.packb({"a": _array(np.zeros(3), "object")}), "claims"),
    ],
)
def test_hostile_msgpack_is_refused(file, content, message):
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_flax(file)


def test_npz_round_trip(file):
    arrays = {
        "conv1a/W": np.arange(24.0).reshape(2, 3, 4),
        "b": np.asfortranarray(np.arange(6, dtype="float32").reshape(2, 3)),
        "n": np.int64(3),
    }
    for save in (np.savez, np.savez_compressed):
        path = file.with_suffix(".npz")
        save(path, **arrays)
        found = read_npz(path)
        assert found.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)


def _npz(path, header, data=b""):
    text = header.encode() + b" " * (63 - len(header) % 64) + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", content)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "__import__('os').getcwd()",
    ],
)
def test_hostile_npz_is_refused(file, header):
    path = file.with_suffix(".npz")
    _npz(path, header, bytes(8))
    with pytest.raises(WeightsError, match="cannot be read as .npz"):
        read_npz(path)


def test_what_unpacks_to_far_more_is_refused(file):
    path = file.with_suffix(".npz")
    np.savez_compressed(path, a=np.zeros(10_000_000))
    with pytest.raises(WeightsError, match="packed impossibly well"):
        read_npz(path)
