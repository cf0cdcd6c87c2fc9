"""What the first bytes of a video container claim, read without decoding anything.

Two claims matter before a decoder is let near a file: how long the file should be (a
shorter one was cut) and how large its frames are (a decoder allocates what the header
says). FFmpeg answers neither: it plays a cut file to where it ends, and probes a stream
by decoding it.

The parsers never raise on bad bytes. What they do not recognise they leave out, and the
decoder has the last word.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

# An index larger than this is not read; the decoder still checks the frame size.
_MAX_INDEX_BYTES = 2**26

# Some AVI writers are a few bytes off in the RIFF length.
_RIFF_SLACK = 8

_EBML, _SEGMENT, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1654AE6B
_TRACK, _TRACK_VIDEO, _PIXEL_WIDTH, _PIXEL_HEIGHT = 0xAE, 0xE0, 0xB0, 0xBA


@dataclass
class Claims:
    """What a container's header says about itself.

    Attributes:
        length: the bytes that the file should have, or None where it does not say.
        sizes: every `(height, width)` that it names.
    """

    length: int | None = None
    sizes: list[tuple[int, int]] = field(default_factory=list)


def read_claims(file: BinaryIO, file_size: int) -> Claims:
    """Reads the claims of an MP4/MOV, AVI or WebM/MKV file.

    Args:
        file: open for binary reading, seekable.
        file_size: its length in bytes.

    Returns:
        The claims; empty ones for any other kind of file.
    """
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _avi_claims(file, file_size)
    if head[:4] == _EBML.to_bytes(4, "big"):
        return _webm_claims(file, file_size)
    return _mp4_claims(file, file_size)


def _mp4_claims(file: BinaryIO, file_size: int) -> Claims:
    claims, position = Claims(), 0
    while position + 8 <= file_size:
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind not in (
            *(b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide"),
            *(b"uuid", b"meta", b"sidx", b"styp", b"mfra", b"emsg", b"pnot", b"udta"),
        ):
            break  # another kind of file, or junk after the last box
        header = 8
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
            header = 16
        elif length == 0:
            break  # this box runs to the end of the file, whatever that is
        if length < header:
            break
        # Only a box with pictures or their index makes a cut file worthless.
        if kind in (b"moov", b"mdat", b"moof"):
            claims.length = max(claims.length or 0, position + length)
        if kind == b"moov" and length <= _MAX_INDEX_BYTES:
            file.seek(position + header)
            claims.sizes += _track_sizes(file.read(length - header))
        position += length
    return claims


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if length < 8:
            return
        yield kind, data[position + 8 : position + length]
        position += length


def _child(data: bytes, *kinds: bytes) -> bytes:
    for wanted in kinds:
        data = next((body for kind, body in _boxes(data) if kind == wanted), b"")
    return data


def _track_sizes(moov: bytes) -> list[tuple[int, int]]:
    sizes = []
    for kind, track in _boxes(moov):
        if kind != b"trak" or _child(track, b"mdia", b"hdlr")[8:12] != b"vide":
            continue
        header = _child(track, b"tkhd")
        if len(header) >= 84:
            width, height = struct.unpack(">II", header[-8:])
            sizes.append((height >> 16, width >> 16))  # 16.16 fixed point
        # The sample table's own size is what the decoder is opened with.
        for _, entry in _boxes(_child(track, b"mdia", b"minf", b"stbl", b"stsd")[8:]):
            if len(entry) >= 28:
                width, height = struct.unpack_from(">HH", entry, 24)
                sizes.append((height, width))
    # A track header may leave its size out.
    return [size for size in sizes if size != (0, 0)]


def _avi_claims(file: BinaryIO, file_size: int) -> Claims:
    claims, position = Claims(), 0
    # A large AVI is several RIFF chunks in a row.
    while position + 12 <= file_size:
        file.seek(position)
        name, length, _ = struct.unpack("<4sI4s", file.read(12))
        if name != b"RIFF" or length == 0:
            break  # junk after the end, or a recording that never filled it in
        claims.length = position + 8 + length - _RIFF_SLACK
        position += 8 + length + length % 2
    file.seek(12)
    head = file.read(4096)
    at = head.find(b"avih")
    if at >= 0 and len(head) >= at + 48:
        width, height = struct.unpack_from("<II", head, at + 8 + 32)
        claims.sizes.append((height, width))
    at = head.find(b"vids")
    at = head.find(b"strf", at) if at >= 0 else -1
    if at >= 0 and len(head) >= at + 20:
        width, height = struct.unpack_from("<ii", head, at + 8 + 4)
        # A negative height says that rows run from the top.
        claims.sizes.append((abs(height), abs(width)))
    return claims


def _vint(data: bytes, position: int, keep_marker: bool) -> tuple[int | None, int]:
    """Reads one EBML number; None for an unknown length or a bad first byte."""
    if position >= len(data) or data[position] == 0:
        return None, position + 1
    length = 9 - data[position].bit_length()
    value = int.from_bytes(data[position : position + length], "big")
    if not keep_marker:
        value &= (1 << 7 * length) - 1
        if value == (1 << 7 * length) - 1:
            return None, position + length
    return value, position + length


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        name, position = _vint(data, position, keep_marker=True)
        length, position = _vint(data, position, keep_marker=False)
        if name is None or length is None:
            return
        yield name, data[position : position + length]
        position += length


def _webm_claims(file: BinaryIO, file_size: int) -> Claims:
    claims, position = Claims(), 0
    while position < file_size:
        file.seek(position)
        head = file.read(12)
        name, at = _vint(head, 0, keep_marker=True)
        length, at = _vint(head, at, keep_marker=False)
        if name == _SEGMENT:
            # A live stream leaves the length unknown, and is taken as it is.
            claims.length = None if length is None else position + at + length
            position += at
        elif name is None or length is None:
            break
        elif name == _TRACKS:
            if length <= _MAX_INDEX_BYTES:
                file.seek(position + at)
                claims.sizes += _webm_sizes(file.read(length))
            break
        else:
            position += at + length
    return claims


def _webm_sizes(tracks: bytes) -> list[tuple[int, int]]:
    sizes = []
    for name, track in _elements(tracks):
        if name != _TRACK:
            continue
        for part, video in _elements(track):
            if part == _TRACK_VIDEO:
                numbers = {key: int.from_bytes(v, "big") for key, v in _elements(video)}
                if _PIXEL_WIDTH in numbers and _PIXEL_HEIGHT in numbers:
                    sizes.append((numbers[_PIXEL_HEIGHT], numbers[_PIXEL_WIDTH]))
    return sizes
