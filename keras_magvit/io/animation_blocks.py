"""The blocks of a GIF or WebP file, walked in plain Python, without decoding any."""

import struct
from dataclasses import dataclass, field

from keras_magvit.io.lossless import RATE_CHUNK, RATE_KEY


@dataclass
class Structure:
    """The walk's result: frame sizes `(height, width)` and delays in milliseconds.

    `rate_text` is what the file says of its exact rate; it need not be true.
    """

    sizes: list[tuple[int, int]] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    complete: bool = False
    rate_text: bytes = b""


def kind_of(data: bytes) -> str | None:
    """ "GIF" or "WEBP" by the first bytes, or None."""
    if data[:4] == b"GIF8":
        return "GIF"
    return "WEBP" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def walk(data: bytes, kind: str) -> Structure:
    """Walks a file of that kind, as far as it makes sense."""
    return {"GIF": _walk_gif, "WEBP": _walk_webp}[kind](data)


def _walk_gif(data: bytes) -> Structure:
    """Walks the blocks of a GIF up to its trailer."""
    structure, delay = Structure(), 0
    if len(data) < 13:
        return structure
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    structure.sizes.append((height, width))
    position = 13 + _palette_bytes(flags)
    while position < len(data):
        kind = data[position]
        if kind == 0x3B:  # the trailer
            structure.complete = bool(structure.delays)
            break
        if kind == 0x21:  # an extension; 0xF9 holds the next image's delay
            if (
                data[position + 1 : position + 2] == b"\xf9"
                and len(data) > position + 6
            ):
                delay = 10 * struct.unpack_from("<H", data, position + 4)[0]
            if (
                data[position + 1 : position + 2] == b"\xfe"
                and len(data) > position + 2
            ):
                comment = data[position + 3 : position + 3 + data[position + 2]]
                if comment.startswith(RATE_KEY):
                    structure.rate_text = comment
            position += 2
        elif kind == 0x2C:  # an image: left, top, width, height, flags
            if len(data) < position + 11:
                break
            left, top, width, height, flags = struct.unpack_from(
                "<HHHHB", data, position + 1
            )
            structure.sizes.append((top + height, left + width))
            structure.delays.append(delay)
            delay = 0
            position += 11 + _palette_bytes(flags)
        else:
            break
        while position < len(data) and data[position]:  # sub-blocks up to an empty one
            position += 1 + data[position]
        position += 1
    return structure


def _palette_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _walk_webp(data: bytes) -> Structure:
    """Walks the RIFF chunks of a WebP."""
    structure = Structure()
    length = int.from_bytes(data[4:8], "little") + 8
    structure.complete = length <= len(data)
    position, still = 12, 0
    while position + 8 <= min(length, len(data)):
        kind = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        body = data[position + 8 : position + 8 + size]
        if kind == b"VP8X" and len(body) >= 10:
            structure.sizes.append((_int24(body, 7) + 1, _int24(body, 4) + 1))
        elif kind == b"ANMF" and len(body) >= 16:
            structure.sizes.append((_int24(body, 9) + 1, _int24(body, 6) + 1))
            structure.delays.append(_int24(body, 12))
        elif kind == b"VP8L" and len(body) >= 5:
            bits = int.from_bytes(body[1:5], "little")
            structure.sizes.append(((bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1))
            still = 1
        elif kind == b"VP8 " and len(body) >= 10:
            width, height = struct.unpack_from("<HH", body, 6)
            structure.sizes.append((height & 0x3FFF, width & 0x3FFF))
            still = 1
        elif kind == RATE_CHUNK:
            structure.rate_text = body
        position += 8 + size + size % 2
    structure.delays = structure.delays or [0] * still
    return structure


def _int24(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 3], "little")
