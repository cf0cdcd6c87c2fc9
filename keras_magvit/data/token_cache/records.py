"""One clip as bytes: number, label, ids and condition ids, key.

Integers are little-endian. An id takes 16 bits, which the largest codebook fits.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

# Codebooks may have as many entries as 16 bits count.
MAX_CODEBOOK = 2**16

_HEAD = struct.Struct("<qi")  # number, label
_ID = np.dtype("<u2")


class TokenRecord(NamedTuple):
    """One tokenized clip.

    Attributes:
        number: of the clip in its dataset.
        label: its class, or -1.
        ids: uint16 `(1 + conditions, t, h, w)`: the clip's own, then its conditions'.
        key: its name, unique in the dataset.
    """

    number: int
    label: int
    ids: np.ndarray
    key: str


@dataclass(frozen=True)
class RecordLayout:
    """Packs and unpacks the records of one cache.

    Args:
        latent_shape: `(t, h, w)` of a clip's ids.
        num_conditions: how many condition videos a clip has.
    """

    latent_shape: tuple[int, int, int]
    num_conditions: int

    @property
    def _ids_shape(self) -> tuple[int, ...]:
        return (1 + self.num_conditions, *self.latent_shape)

    def pack(self, record: TokenRecord) -> bytes:
        """Returns the bytes of a record."""
        ids = np.ascontiguousarray(record.ids, _ID).reshape(self._ids_shape)
        head = _HEAD.pack(record.number, record.label)
        return head + ids.tobytes() + record.key.encode()

    def unpack(self, data: bytes) -> TokenRecord:
        """Returns the record of some bytes.

        Raises:
            ValueError: if they are fewer than the layout needs.
        """
        count = math.prod(self._ids_shape)
        end = _HEAD.size + count * _ID.itemsize
        if len(data) < end:
            raise ValueError(
                f"A record must have at least {end} bytes. Received: {len(data)} bytes"
            )
        number, label = _HEAD.unpack_from(data)
        ids = np.frombuffer(data, _ID, count, _HEAD.size).reshape(self._ids_shape)
        return TokenRecord(number, label, ids, data[end:].decode())


def write_records(path: str, records: Iterable[bytes]) -> int:
    """Writes an ArrayRecord file from which any record can be read alone.

    The same records make the same bytes.

    Returns:
        How many there were.
    """
    writer = _module().ArrayRecordWriter(path, "group_size:1")
    count = 0
    try:
        for count, record in enumerate(records, 1):  # noqa: B007
            writer.write(record)
    finally:
        writer.close()
    return count


def open_records(path: str) -> Any:
    """Opens an ArrayRecord file for `read([numbers])`, without reading ahead."""
    return _module().ArrayRecordReader(path, "readahead_buffer_size:0")


def _module() -> Any:
    try:
        from array_record.python import array_record_module
    except ImportError as error:
        raise ImportError(
            "Token caches need array_record. Install it with: "
            'pip install "keras-magvit[data]"'
        ) from error
    return array_record_module
