"""Any frames of a container, decoding no more than it takes."""

import itertools
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from keras_magvit.io.containers import (
    Pixels,
    check_length,
    decode,
    frame_rate_of,
    open_track,
    why,
)
from keras_magvit.io.dependencies import import_av
from keras_magvit.io.errors import VideoFileError
from keras_magvit.io.index import VideoIndex
from keras_magvit.io.packets import PacketTable, read_packets
from keras_magvit.io.spans import Span

# Decoders that leave out what no other frame needs, when told to, and nothing else.
_SKIPPING = ("h264", "hevc")


def index_container(
    file: Span, max_pixels: int, default_frame_rate: float
) -> VideoIndex:
    """Counts the frames of a container, and finds where decoding may start.

    The first frame is decoded, for its true size. All others are only where packets
    and frames may differ in number.

    Args:
        file: the file.
        max_pixels: the most pixels of a frame, checked before any decoding.
        default_frame_rate: for a container that states none.

    Returns:
        The index.

    Raises:
        VideoFileError: for a file that is cut, damaged, too large, or without video.
        ImportError: if PyAV is missing.
    """
    with open_track(file, max_pixels) as stream:
        stream.codec_context.thread_count = 1
        frame_rate = frame_rate_of(stream, default_frame_rate)
        first: list[Any] = []
        packets = _tapped(stream, first, file)
        table, end = read_packets(stream, packets, file)
        if not first:
            raise VideoFileError("The video has no frame that can be decoded.", file)
        height, width = Pixels()(first[0]).shape[:2]
        if table is not None and not _agrees(table, first[0]):
            table = None
        if table is not None:
            check_length(stream, end.time, frame_rate, end.count, file)
    if table is not None:
        count = len(table.order)
    else:
        count = _count(file, max_pixels, frame_rate)
    return VideoIndex(count, height, width, frame_rate, table)


def _agrees(table: PacketTable, first: Any) -> bool:
    """Whether the first frame is the table's, and no half frames are packets."""
    return first.pts == table.time_of(0) and not first.interlaced_frame


def _tapped(stream: Any, first: list[Any], file: Span) -> Iterator[Any]:
    """Passes packets on, and decodes them until the first frame is there."""
    av = import_av()
    try:
        for packet in stream.container.demux(stream):
            if not first:
                first += packet.decode()
            yield packet
    except (av.error.FFmpegError, OSError) as error:
        raise VideoFileError(
            f"The video is cut or damaged ({why(error)}).", file
        ) from error


def _count(file: Span, max_pixels: int, frame_rate: float) -> int:
    with open_track(file, max_pixels) as stream:
        stream.codec_context.thread_count = 1
        return sum(1 for _ in decode(stream, frame_rate, file))


def seek_frames(
    file: Span, index: VideoIndex, indices: Sequence[int], max_pixels: int
) -> Iterator[np.ndarray]:
    """Yields some frames of a container, the same as decoding all of it gives.

    Args:
        file: the file.
        index: from `index_container`.
        indices: strictly rising, in `[0, index.num_frames)`.
        max_pixels: as for the index.

    Yields:
        uint8 `(H, W, 3)`.

    Raises:
        VideoFileError: if a packet or frame on the way is damaged, or the file is not
            the one that was indexed.
    """
    pixels, done = Pixels(), 0
    if index.packets is not None:
        with closing(_sought(file, index.packets, indices, max_pixels)) as frames:
            for frame in frames:
                yield pixels(frame)
                done += 1
    if done < len(indices):
        rest = _from_start(file, index, indices[done:], max_pixels)
        yield from (pixels(frame) for frame in rest)


def _from_start(
    file: Span, index: VideoIndex, indices: Sequence[int], max_pixels: int
) -> Iterator[Any]:
    rest = iter(indices)
    wanted = next(rest, None)
    with open_track(file, max_pixels) as stream:
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(decode(stream, index.frame_rate, file)):
            if number == wanted:
                yield frame
                wanted = next(rest, None)
            if wanted is None:
                return
    raise VideoFileError(f"The video has no frame {wanted} any more.", file)


def _sought(
    file: Span, table: PacketTable, indices: Sequence[int], max_pixels: int
) -> Generator[Any, None, None]:
    """Yields frames for as long as the file gives what the table promises.

    It ends early where it does not: a demuxer lands elsewhere than it was told, a
    decoder leaves out a frame after a seek, a packet is damaged.
    """
    with open_track(file, max_pixels) as stream:
        stream.codec_context.thread_count = 1
        for start, group in itertools.groupby(indices, table.start_for):
            times = [table.time_of(frame) for frame in group]
            found = 0
            try:
                for frame in _decoded(stream, table, start, set(times)):
                    if (
                        frame.is_corrupt
                        or frame.pts is None
                        or frame.pts > times[found]
                    ):
                        return
                    if frame.pts == times[found]:
                        found += 1
                        yield frame
                    if found == len(times):
                        break
            except (import_av().error.FFmpegError, OSError):
                return
            if found < len(times):
                return


def _decoded(
    stream: Any, table: PacketTable, start: int, wanted: set[int]
) -> Iterator[Any]:
    """Decodes from a packet on, and leaves out of the work what nobody needs."""
    codec = stream.codec_context
    skips = codec.codec.canonical_name in _SKIPPING
    for number, packet in _packets_from(stream, table, start):
        if packet.size and (
            number >= len(table.times)
            or packet.pts != table.times[number]
            or packet.size != table.sizes[number]
        ):
            return
        if skips and packet.size:
            codec.skip_frame = "DEFAULT" if packet.pts in wanted else "NONREF"
        yield from packet.decode()


def _packets_from(
    stream: Any, table: PacketTable, start: int
) -> Iterator[tuple[int, Any]]:
    """Yields packets with their numbers, from `start` on, or none if it is not found."""
    earlier = table.keys[table.keys < start][-1:]
    # Some demuxers seek by decoding time, and may land after the packet.
    for key in (start, *earlier.tolist()):
        stream.container.seek(int(table.times[key]), stream=stream)
        packets = stream.container.demux(stream)
        landed = next(packets, None)
        number = None if landed is None else _number(table, landed.pts)
        if number is None or number > start:
            continue
        for packet in itertools.chain([landed], packets):
            if number >= start:
                yield number, packet
            number += 1
        return


def _number(table: PacketTable, time: int | None) -> int | None:
    """The packet that is shown at a time."""
    found = np.flatnonzero(table.times == time)
    return int(found[0]) if len(found) == 1 else None
