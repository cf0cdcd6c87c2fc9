"""Clips to MP4 (H.264), encoded by PyAV."""

from fractions import Fraction
from typing import Any

import numpy as np

from keras_magvit.io.colour import ACCURATE, BT709, LIMITED_RANGE
from keras_magvit.io.dependencies import import_av
from keras_magvit.io.errors import VideoFileError

# The quality at which a round trip keeps 40 dB even for noise.
DEFAULT_QUALITY = 80

# The largest loss that halving the chroma resolution may cost at that quality.
_CHROMA_PSNR = 44.0

# H.264's quantiser runs from 0 (which is a mode of its own) to 51.
_COARSEST = 51


def write_mp4(path: str, frames: np.ndarray, frame_rate: float, quality: int) -> None:
    """Encodes a clip as an MP4 file.

    The quantiser is constant (x264's `qp`), not rate-controlled: rate control spends
    few bits on noise, which is what an untrained model draws. Pixels are BT.709,
    limited range, and tagged so.

    Every player takes yuv420p, which halves the chroma resolution. It is chosen when
    the size is even and that alone keeps 44 dB, or when `quality` is below the
    default. Otherwise the clip is yuv444p, which some browsers and hardware players
    refuse, but which keeps odd sizes and sharp colour edges.

    Args:
        path: where to; the suffix does not matter.
        frames: uint8 `(T, H, W, 3)`.
        frame_rate: frames a second; stored to a fraction with denominator <= 1001.
        quality: 0 (coarsest) to 100 (nearly lossless).

    Raises:
        VideoFileError: if the encoder refuses the clip.
        ImportError: if PyAV is missing.
    """
    av = import_av()
    rate = Fraction(frame_rate).limit_denominator(1001)
    if rate == 0:
        rate = Fraction(frame_rate).limit_denominator(10**6)
    even = frames.shape[1] % 2 == 0 and frames.shape[2] % 2 == 0
    subsample = even and (
        quality < DEFAULT_QUALITY or _chroma_psnr(av, frames) >= _CHROMA_PSNR
    )
    pixel_format = "yuv420p" if subsample else "yuv444p"
    options = {"qp": str(max(1, round((100 - quality) * _COARSEST / 100)))}
    if subsample:
        # FFmpeg averages four pixels into one chroma sample, which lies in their
        # middle. Untagged it is taken to lie at the left, which costs up to 10 dB.
        options["x264-params"] = "chromaloc=1"
    try:
        # The index goes first, so that a browser plays while it loads.
        with av.open(
            path, "w", format="mp4", options={"movflags": "faststart"}
        ) as container:
            stream = container.add_stream("libx264", rate=rate, options=options)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = pixel_format
            codec = stream.codec_context
            codec.colorspace = codec.color_primaries = codec.color_trc = BT709
            codec.color_range = LIMITED_RANGE
            for index, pixels in enumerate(frames):
                frame = _convert(av, pixels, pixel_format)
                frame.pts, frame.time_base = index, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except OSError:
        raise
    except av.error.FFmpegError as error:
        raise VideoFileError(f"The encoder refused the clip: {error}.", path) from error


def _convert(av: Any, pixels: np.ndarray, pixel_format: str) -> Any:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    reformatter = av.video.reformatter
    return frame.reformat(
        format=pixel_format,
        dst_colorspace=reformatter.Colorspace.ITU709,
        dst_color_range=reformatter.ColorRange.MPEG,
        interpolation=ACCURATE,
    )


def _chroma_psnr(av: Any, frames: np.ndarray) -> float:
    """Returns the PSNR of RGB -> yuv420p -> RGB, without any codec, in dB."""
    total = 0.0
    for pixels in frames:
        halved = _convert(av, pixels, "yuv420p")
        back = halved.to_ndarray(format="rgb24", interpolation=ACCURATE)
        total += float(np.mean((back.astype(np.float32) - pixels) ** 2))
    return 10 * float(np.log10(255.0**2 / max(total / len(frames), 1e-9)))
