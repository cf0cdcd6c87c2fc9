"""The packets of a track: which frames there are, and where decoding may start.

A packet table is read without decoding. It is trusted only where packets and frames
are known to be one to one and carry true times; where that is in doubt, frames are
counted by decoding and never sought.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_magvit.io.errors import VideoFileError
from keras_magvit.io.spans import Span

# Containers that store a time with every packet. AVI stores none: FFmpeg makes them up.
_TIMED = ("mov", "matroska")

# Codecs whose every packet shows exactly one frame. (VP8 has packets that show none.)
_ONE_TO_ONE = (
    *("h264", "hevc", "vp9", "av1", "mjpeg", "png", "ffv1", "rawvideo", "prores"),
    *("dnxhd", "huffyuv", "ffvhuff", "qtrle", "utvideo"),
)


@dataclass(frozen=True)
class PacketTable:
    """The packets of a track, numbered in the order in which they are stored.

    Args:
        times: int64 `(n,)`, when a packet's frame is shown, in the stream's time base.
        sizes: int32 `(n,)`, the bytes of a packet.
        keys: int64, the packets at which decoding may start, rising.
        order: int64, the packet of each frame, by the frame's number.
    """

    times: np.ndarray
    sizes: np.ndarray
    keys: np.ndarray
    order: np.ndarray

    def time_of(self, frame: int) -> int:
        """Returns when a frame is shown."""
        return int(self.times[self.order[frame]])

    def start_for(self, frame: int) -> int:
        """Returns the packet at which decoding must start to show a frame exactly.

        It is the last key packet that is shown no later than the frame: what follows
        a key packet but is shown before it may lean on packets before the key.
        """
        packet = self.order[frame]
        sound = (self.times[self.keys] <= self.times[packet]) & (self.keys <= packet)
        return int(self.keys[sound][-1])


@dataclass(frozen=True)
class TrackEnd:
    """When the last packet of a track ends, and how many packets there were."""

    time: float
    count: int


def read_packets(
    stream: Any, packets: Iterable[Any], file: Span
) -> tuple[PacketTable | None, TrackEnd]:
    """Reads the table of a track.

    Args:
        stream: PyAV's stream.
        packets: all packets of the track, in the order of the file.
        file: the file, for the error.

    Returns:
        The table, or None where it could not be trusted, and the track's end.

    Raises:
        VideoFileError: if a packet is damaged.
    """
    codec = stream.codec_context.codec.canonical_name
    container = stream.container.format.name
    trusted = codec in _ONE_TO_ONE and container.startswith(_TIMED)
    times: list[int] = []
    sizes, keys, shown, end = [], [], [], -math.inf
    for packet in packets:
        if packet.size == 0:
            continue  # the flush at the end
        if packet.is_corrupt:
            raise VideoFileError(
                f"The video is cut or damaged after frame {len(times)}.", file
            )
        if packet.pts is None:
            trusted = False
        if packet.is_keyframe:
            keys.append(len(times))
        # An edit list may say that a frame is decoded and not shown.
        if not packet.is_discard:
            shown.append(len(times))
        times.append(packet.pts or 0)
        sizes.append(packet.size)
        end = max(end, times[-1] + (packet.duration or 0))
    table = _table(times, sizes, keys, shown) if trusted else None
    return table, TrackEnd(end, len(times))


def _table(
    times: list[int], sizes: list[int], keys: list[int], shown: list[int]
) -> PacketTable | None:
    """None if frames would be lost at the start, or could not be told apart."""
    if not shown or keys[:1] != [0]:
        return None
    stored, packets = np.array(times, np.int64), np.array(shown, np.int64)
    order = packets[np.argsort(stored[packets], kind="stable")]
    if stored[0] > stored[order[0]] or (np.diff(stored[order]) <= 0).any():
        return None
    return PacketTable(
        stored, np.array(sizes, np.int32), np.array(keys, np.int64), order
    )
