"""NumPy files that lie about themselves are refused before memory is spent."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest


def _npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def _claim(shape: str, descr: str = "'|u1'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (_npy(_claim("(1, 20000, 20000, 3)")), "20000x20000 pixels"),
        (_npy(_claim("(9999, 999, 999, 3)")), "claims 29937035997 bytes, more than"),
        (_npy(_claim("(99, 99, 99, 3)")), "claims 2910897 bytes of data and 0 are"),
        (_npy(_claim("(1, 2, 2, 3)"), b"x" * 13), "claims 12 bytes of data and 13"),
        (_npy(_claim("(-1, 2, 2, 3)")), "must have the shape"),
        (_npy(_claim("(0, 2, 2, 3)")), "must have the shape"),
        (_npy(_claim("(8, 8, 3)"), b"x" * 192), "must have the shape"),
        (_npy(_claim("(1, 2, 2, 3)", "'|O'")), "Python objects, which are never"),
        (_npy(_claim("(1, 2, 2, 3)", "'<i8'")), "must be uint8"),
        (_npy(_claim("(1, 2, 2, 3)", "[('a', '|u1')]")), "must be uint8"),
        (_npy("(" * 5000), "not a NumPy array"),
        (_npy("__import__('os')"), "not a NumPy array"),
        (b"\x93NUMPY\x03\x00" + b"\0" * 40, "not a NumPy array"),
        (b"\x93NUM", "not a NumPy array"),
        (b"words", "not a NumPy array"),
    ],
)
def test_malicious_arrays(tmp_path, content, pattern, refused):
    (tmp_path / "a.npy").write_bytes(content)
    refused(tmp_path / "a.npy", pattern)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("frames.npy", content)
    refused(tmp_path / "a.npz", pattern)


class _Touch:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_pickles_are_not_loaded(tmp_path, refused):
    victim = tmp_path / "victim"
    array = np.array([_Touch(victim)], dtype=object)
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.savez(tmp_path / "a.npz", frames=array)
    refused(tmp_path / "a.npy", "Python objects")
    refused(tmp_path / "a.npz", "Python objects")
    assert not victim.exists()


def test_tricks_with_zip_entries(tmp_path, noise, refused):
    buffer = io.BytesIO()
    np.save(buffer, noise((1, 2, 2, 3)))
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "a.npz"
    for name in ("../frames.npy", "/frames.npy", "a/frames.npy", "frames"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, buffer.getvalue())
        refused(path, "no array named 'frames'")
    assert os.listdir(tmp_path) == ["in"]
    with zipfile.ZipFile(path, "w") as archive:
        pass
    refused(path, "it holds nothing")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("frames.npy", buffer.getvalue())
    refused(path, "unknown compression")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("frames.npy", buffer.getvalue())
    data = bytearray(path.read_bytes())
    data[data.index(b"NUMPY") + 125] ^= 255  # a pixel: the checksum tells
    path.write_bytes(data)
    refused(path, "CRC")


@pytest.mark.parametrize("rate", [0.0, np.nan, -1.0, 1e9, np.ones(2), "fast", None])
def test_bad_stored_frame_rate(tmp_path, noise, rate, refused):
    np.savez(tmp_path / "a.npz", frames=noise((1, 2, 2, 3)), frame_rate=rate)
    refused(tmp_path / "a.npz", "frame rate|frame_rate")


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.01, 1.01])
def test_floats_out_of_range(tmp_path, value, refused):
    frames = np.zeros((2, 2, 2, 3), np.float32)
    frames[1, 0, 0, 0] = value
    np.save(tmp_path / "a.npy", frames)
    refused(tmp_path / "a.npy", r"Frame 1: float pixels must be in \[0, 1\]")
