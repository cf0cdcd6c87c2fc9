"""Arrays of numbers out of .npz files, never unpickled."""

import math
import os
import zipfile

import numpy as np

from keras_magvit.io.arrays import read_header
from keras_magvit.networks.weights import WeightsError, check_size


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Every array of a file by name.

    The header of an array is judged before memory is taken for its data.

    Raises:
        WeightsError: if the file is damaged, or an array holds anything but numbers or
            claims another size than its data has.
    """
    check_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            return {
                member.filename.removesuffix(".npy"): _read(archive, member, path)
                for member in members
            }
    except WeightsError:
        raise
    except Exception as error:  # a damaged archive ends in nearly any exception
        raise WeightsError(
            f"The file cannot be read as .npz: {error}. Received: path={str(path)!r}"
        ) from error


def _read(archive, member, path):
    name = member.filename
    with archive.open(member) as file:
        shape, in_fortran_order, dtype = read_header(file, name, str(path))
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "fiu" or file.tell() + size != member.file_size:
            raise ValueError(f"{name} claims {shape} of {dtype}, which it is not")
        # What unpacks to far more than is there is an attack.
        if member.file_size > 1000 * max(member.compress_size, 1):
            raise ValueError(f"{name} is packed impossibly well")
        data = file.read(size)
    values = np.frombuffer(data, dtype)
    return values.reshape(shape, order="F" if in_fortran_order else "C")
