"""Clips to animated GIF and WebP, assembled from single images that Pillow encodes.

Pillow's and libwebp's own animation writers merge a frame that repeats the one before.
A clip must keep its number of frames, so only the pictures are theirs, and the
containers are put together here.
"""

import struct
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np

from keras_magvit.io.dependencies import import_image

_GIF_COLOURS = 256

# The exact frame rate: in a comment of a GIF, and in a chunk of its own in a WebP.
RATE_KEY = b"frame_rate="
RATE_CHUNK = b"FRTE"

# A palette is fitted to at most so many pixels of a frame, spread evenly: all of a
# small one. On a large frame the fit would take seconds and gain less than 1 dB.
_PALETTE_PIXELS = 8192


def frame_delays(
    num_frames: int, frame_rate: float, units: int, longest: int
) -> list[int]:
    """Splits a clip's time into whole delays whose sum strays by half a unit at most.

    Args:
        num_frames: how many delays.
        frame_rate: frames a second.
        units: time units a second, 100 for GIF.
        longest: the longest delay that the format can store.

    Returns:
        One delay for each frame, in `1..longest`.
    """
    ends = [round(i * units / frame_rate) for i in range(num_frames + 1)]
    steps = pairwise(ends)
    return [min(max(1, end - begin), longest) for begin, end in steps]


def rate_text(frame_rate: float) -> bytes:
    """The exact rate, as it is stored beside delays that are rounded."""
    return RATE_KEY + repr(float(frame_rate)).encode()


def encode_gif(frames: np.ndarray, frame_rate: float) -> bytes:
    """Encodes a clip as a looping GIF with a palette for each frame.

    A frame of at most 256 colours is exact; any other is reduced to 256 that are fitted
    to it, without dithering, which would flicker. Delays are in units of 10 ms and vary
    by one so that the mean rate is right; a comment tells the exact one. The rate is
    100 a second at most, and many browsers slow down one above 50.

    Args:
        frames: uint8 `(T, H, W, 3)`, sides up to 65535.
        frame_rate: frames a second.

    Returns:
        The file's bytes.

    Raises:
        ValueError: if a side is too long for the format.
        ImportError: if Pillow is missing.
    """
    image = import_image()
    height, width = _check_sides(frames, 65535, "GIF")
    comment = rate_text(frame_rate)
    parts = [
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x70, 0, 0),
        # Loops for ever.
        b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00",
        b"\x21\xfe" + bytes([len(comment)]) + comment + b"\x00",
    ]
    delays = frame_delays(len(frames), frame_rate, units=100, longest=65535)
    for pixels, delay in zip(frames, delays, strict=True):
        buffer = BytesIO()
        _palette_image(image, pixels).save(
            buffer, "GIF", interlace=False, optimize=False
        )
        flags, palette, data = _gif_picture(buffer.getvalue())
        parts += [
            # "Do not dispose": each frame covers the whole of the one before.
            b"\x21\xf9\x04" + struct.pack("<BHBB", 0x04, delay, 0, 0),
            b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0x80 | flags),
            palette,
            data,
        ]
    return b"".join([*parts, b"\x3b"])


def _palette_image(image: Any, pixels: np.ndarray) -> Any:
    height, width = pixels.shape[:2]
    red, green, blue = np.moveaxis(pixels.astype(np.uint32), -1, 0)
    colours, indices = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
    if len(colours) > _GIF_COLOURS:
        flat = pixels.reshape(-1, 3)
        chosen = np.linspace(0, len(flat) - 1, min(_PALETTE_PIXELS, len(flat)))
        sample = image.fromarray(flat[chosen.astype(np.int64)][None])
        palette = sample.quantize(
            _GIF_COLOURS, method=image.Quantize.MAXCOVERAGE, kmeans=1
        )
        return image.fromarray(pixels).quantize(
            palette=palette, dither=image.Dither.NONE
        )
    picture = image.frombytes("P", (width, height), indices.astype(np.uint8).tobytes())
    palette = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1)
    picture.putpalette(palette.astype(np.uint8).tobytes())
    return picture


def _gif_picture(data: bytes) -> tuple[int, bytes, bytes]:
    """Takes a GIF of one picture apart: palette size bits, palette, coded pixels."""
    flags = data[10]
    palette_end = 13 + 3 * 2 ** ((flags & 7) + 1)
    palette, position = data[13:palette_end], palette_end
    while data[position] == 0x21:  # an extension
        position += 2
        while data[position]:
            position += 1 + data[position]
        position += 1
    # The picture's descriptor is 10 bytes; the trailer is the last byte of the file.
    return flags & 7, palette, data[position + 10 : data.rindex(b"\x3b")]


def encode_webp(frames: np.ndarray, frame_rate: float) -> bytes:
    """Encodes a clip as a looping, lossless animated WebP.

    Delays are in milliseconds and vary by one so that the mean rate is right; a private
    chunk behind the frames tells the exact one.

    Args:
        frames: uint8 `(T, H, W, 3)`, sides up to 16383.
        frame_rate: frames a second.

    Returns:
        The file's bytes.

    Raises:
        ValueError: if a side is too long for the format.
        ImportError: if Pillow is missing.
    """
    image = import_image()
    height, width = _check_sides(frames, 16383, "WebP")
    canvas = _int24(width - 1) + _int24(height - 1)
    parts = [
        _chunk(b"VP8X", b"\x02\x00\x00\x00" + canvas),  # 2: it is animated
        _chunk(b"ANIM", b"\x00\x00\x00\xff" + b"\x00\x00"),  # on black, for ever
    ]
    delays = frame_delays(len(frames), frame_rate, units=1000, longest=2**24 - 1)
    for pixels, delay in zip(frames, delays, strict=True):
        buffer = BytesIO()
        image.fromarray(pixels).save(buffer, "WEBP", lossless=True, method=4)
        place = _int24(0) + _int24(0) + canvas
        # 2: replace what is below instead of blending with it.
        head = place + _int24(delay) + b"\x02"
        parts.append(_chunk(b"ANMF", head + _webp_picture(buffer.getvalue())))
    parts.append(_chunk(RATE_CHUNK, rate_text(frame_rate)))
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_picture(data: bytes) -> bytes:
    """Returns the lossless chunk of a still WebP, header and padding included."""
    position = 12
    while data[position : position + 4] != b"VP8L":
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + size + size % 2
    size = int.from_bytes(data[position + 4 : position + 8], "little")
    return data[position : position + 8 + size + size % 2]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _int24(value: int) -> bytes:
    return value.to_bytes(3, "little")


def _check_sides(frames: np.ndarray, longest: int, kind: str) -> tuple[int, int]:
    height, width = frames.shape[1:3]
    if max(height, width) > longest:
        raise ValueError(
            f"a {kind} side is at most {longest} pixels. "
            f"Received: frames.shape={frames.shape}"
        )
    return height, width
