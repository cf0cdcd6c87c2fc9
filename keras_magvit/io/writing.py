"""Frames to any video file."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_magvit.io.arrays import FRAME_RATE, FRAMES
from keras_magvit.io.atomic import write_file, write_folder
from keras_magvit.io.dependencies import import_av, import_image
from keras_magvit.io.errors import VideoFileError
from keras_magvit.io.h264 import DEFAULT_QUALITY, write_mp4
from keras_magvit.io.lossless import encode_gif, encode_webp
from keras_magvit.io.video import check_frame_rate, to_frames

WRITE_SUFFIXES = (".mp4", ".gif", ".webp", ".npz")


def write_video(
    path: str | os.PathLike[str],
    frames: object,
    frame_rate: float = 8.0,
    *,
    overwrite: bool = False,
    quality: int = DEFAULT_QUALITY,
) -> None:
    """Writes a clip; the suffix of the path chooses the format.

    - `.mp4`: H.264, at least 40 dB PSNR at the default quality, odd sizes kept.
    - `.gif`: a palette for each frame; exact up to 256 colours a frame.
    - `.webp`: animated and lossless.
    - `.npz`: `frames` and `frame_rate`, exact.
    - no suffix, or a `/` at the end: a folder of PNG frames, exact, without the rate.

    The output is made under a temporary name in the same folder and renamed at the
    end: it appears whole or not at all.

    Args:
        path: where to. Its folder must exist.
        frames: uint8, or float in [0, 1] (rounded to 8 bits), `(T, H, W, 3)`, or a
            `Video`, whose frame rate is not looked at.
        frame_rate: frames a second, in (0, 1000]; GIF rounds delays to 10 ms and WebP
            to 1 ms, so that the mean over the clip is as close as they allow, and both
            store the exact rate beside them for `read_video`.
        overwrite: whether an output that exists is replaced. A folder is only when it
            holds nothing but frames.
        quality: for `.mp4`, 0 (coarsest) to 100 (nearly lossless).

    Raises:
        ValueError: if `frames`, `frame_rate` or `quality` is out of its range; ends in
            `Received: ...`.
        VideoFileError: if the suffix is unknown, the output exists, or it cannot be
            written.
        ImportError: if PyAV or Pillow is needed and missing.

    Example:
        >>> from keras_magvit.io import write_video
        >>> write_video("clip.gif", clip[0], frame_rate=12.0)
    """
    frames = to_frames(frames)
    frame_rate = check_frame_rate(frame_rate)
    if not 0 <= quality <= 100:
        raise ValueError(f"quality must be in 0..100. Received: quality={quality!r}")
    name = os.fspath(path)
    suffix = os.path.splitext(name)[1].lower()
    if name.endswith((os.sep, "/")) or not suffix:
        import_image()
        folder = name.rstrip("/" + os.sep) or name
        write_folder(folder, lambda place: _write_pngs(place, frames), overwrite)
        return
    writers: dict[str, Callable[[str], None]] = {
        ".mp4": lambda place: write_mp4(place, frames, frame_rate, quality),
        ".gif": lambda place: _write_bytes(place, encode_gif(frames, frame_rate)),
        ".webp": lambda place: _write_bytes(place, encode_webp(frames, frame_rate)),
        ".npz": lambda place: _write_npz(place, frames, frame_rate),
    }
    if suffix not in writers:
        raise VideoFileError(
            f"Cannot write the file type {suffix!r}; supported: "
            f"{' '.join(WRITE_SUFFIXES)}, or a folder of frames (no suffix).",
            name,
        )
    if suffix == ".mp4":
        import_av()
    write_file(name, writers[suffix], overwrite)


def _write_bytes(path: str, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)


def _write_npz(path: str, frames: np.ndarray, frame_rate: float) -> None:
    # A file object, because NumPy adds a suffix to a name.
    with open(path, "xb") as file:
        arrays: dict[str, Any] = {FRAMES: frames, FRAME_RATE: np.float64(frame_rate)}
        np.savez_compressed(file, **arrays)


def _write_pngs(folder: str, frames: np.ndarray) -> None:
    image = import_image()
    digits = max(5, len(str(len(frames) - 1)))
    for index, pixels in enumerate(frames):
        picture = image.fromarray(pixels)
        picture.save(os.path.join(folder, f"frame_{index:0{digits}d}.png"))
