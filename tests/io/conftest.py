"""Clips and small media files, built with PyAV and Pillow."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from keras_magvit.io import VideoFileError, read_video


def _noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def _smooth(num_frames: int, height: int, width: int) -> np.ndarray:
    t, y, x = np.mgrid[:num_frames, :height, :width]
    red = 127 + 100 * np.sin(x / 9 + t / 3) * np.cos(y / 11)
    green = 127 + 100 * np.cos(x / 13 - t / 5)
    blue = 127 + 80 * np.sin((x + y) / 17 + t / 4)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


@pytest.fixture
def noise() -> Callable[..., np.ndarray]:
    return _noise


@pytest.fixture
def smooth() -> Callable[..., np.ndarray]:
    return _smooth


@pytest.fixture
def psnr() -> Callable[[np.ndarray, np.ndarray], float]:
    def measure(first: np.ndarray, second: np.ndarray) -> float:
        error = np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2)
        return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))

    return measure


@pytest.fixture
def encode() -> Callable[..., Path]:
    """Encodes frames by any codec of FFmpeg into any container."""

    def write(
        path: Path,
        frames: np.ndarray,
        codec: str,
        pixel_format: str,
        rate: int | Fraction = 10,
        options: dict[str, str] | None = None,
        source: str = "rgb24",
        **attributes: Any,
    ) -> Path:
        with av.open(str(path), "w", options=attributes.get("container", {})) as file:
            stream = file.add_stream(codec, rate=rate, options=options or {})
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = pixel_format
            for index, pixels in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(pixels, format=source)
                frame.pts, frame.time_base = index, Fraction(1) / rate
                file.mux(stream.encode(frame.reformat(format=pixel_format)))
            file.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def audio_only(tmp_path: Path) -> Path:
    path = tmp_path / "audio.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=16000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 16000), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 16000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.fixture
def refused() -> Callable[..., None]:
    """Asserts that reading a path ends in one readable line that names it."""

    def check(path, pattern, **arguments):
        with pytest.raises(VideoFileError, match=pattern) as caught:
            read_video(path, **arguments)
        text = str(caught.value)
        assert "\n" not in text
        assert "Received: path='" in text and text.endswith("'")
        assert str(path) in text.replace("\\x00", "\0")

    return check
