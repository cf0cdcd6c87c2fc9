"""A clip in memory, and how pixel arrays become one."""

from dataclasses import dataclass

import numpy as np

# An opaque clip has three channels; a fourth is opacity, composited on black.
_ALPHA_CHANNELS = 4


@dataclass(frozen=True, eq=False)
class Video:
    """A clip with its frame rate.

    Args:
        frames: uint8 `(T, H, W, 3)`, RGB.
        frame_rate: frames a second, finite and above 0.

    Raises:
        ValueError: if `frames` is not such an array or `frame_rate` not such a number.

    Example:
        >>> from keras_magvit.io import Video
        >>> Video(np.zeros((16, 64, 64, 3), "uint8"), 8.0).duration
        2.0
    """

    frames: np.ndarray
    frame_rate: float

    def __post_init__(self) -> None:
        frames = self.frames
        if (
            not isinstance(frames, np.ndarray)
            or frames.dtype != np.uint8
            or frames.ndim != 4
            or frames.shape[-1] != 3
            or frames.size == 0
        ):
            raise ValueError(
                "frames must be a uint8 array of shape (T, H, W, 3). "
                f"Received: frames={describe(frames)}"
            )
        object.__setattr__(self, "frame_rate", check_frame_rate(self.frame_rate))

    @property
    def num_frames(self) -> int:
        """The number of frames, T."""
        return self.frames.shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """The frame size `(H, W)` in pixels."""
        return self.frames.shape[1], self.frames.shape[2]

    @property
    def duration(self) -> float:
        """The length in seconds."""
        return self.num_frames / self.frame_rate


def describe(value: object) -> str:
    """Returns the type and shape of a would-be array for an error, in one line."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is None or dtype is None:
        return type(value).__name__
    return f"{dtype} array of shape {tuple(shape)}"


def check_frame_rate(frame_rate: object) -> float:
    """Returns a frame rate as a float.

    Raises:
        ValueError: if it is not a finite number in (0, 1000].
    """
    try:
        value = float(frame_rate)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = float("nan")
    if not 0.0 < value <= 1000.0:
        raise ValueError(
            "frame_rate must be a finite number in (0, 1000]. "
            f"Received: frame_rate={frame_rate!r}"
        )
    return value


def to_rgb8(pixels: np.ndarray) -> np.ndarray:
    """Returns pixels as 8-bit RGB.

    Args:
        pixels: uint8, or float in [0, 1], of shape `(..., C)`: C = 1 is grey, 3 RGB and
            4 RGBA, which is composited on black.

    Returns:
        uint8 `(..., 3)`; floats are rounded to the nearest of the 256 levels.

    Raises:
        ValueError: for another dtype or channel count, and for floats that are NaN or
            outside [0, 1].
    """
    if pixels.shape[-1:] not in ((1,), (3,), (4,)):
        raise ValueError("pixels must have 1, 3 or 4 channels on the last axis")
    if pixels.dtype == np.uint8:
        if pixels.shape[-1] == _ALPHA_CHANNELS:
            opacity = pixels[..., 3:].astype(np.uint16)
            product = pixels[..., :3] * opacity
            pixels = ((product + 127) // 255).astype(np.uint8)
    elif pixels.dtype.kind == "f":
        # Written so that a NaN, for which every comparison is False, is caught too.
        if not bool(np.all((pixels >= 0) & (pixels <= 1))):
            raise ValueError("float pixels must be in [0, 1], without NaN")
        pixels = pixels.astype(np.float32)
        if pixels.shape[-1] == _ALPHA_CHANNELS:
            pixels = pixels[..., :3] * pixels[..., 3:]
        pixels = np.rint(pixels * 255).astype(np.uint8)
    else:
        raise ValueError("pixels must be uint8, or float in [0, 1]")
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    return pixels


def to_frames(frames: object, name: str = "frames") -> np.ndarray:
    """Returns a clip that a caller handed over as uint8 `(T, H, W, 3)`.

    Args:
        frames: a `Video`, or an array-like, uint8 or float in [0, 1], of shape
            `(T, H, W, 3)`.
        name: what the error calls it.

    Returns:
        uint8 `(T, H, W, 3)`; the same array where nothing had to change.

    Raises:
        ValueError: for another rank, shape or dtype, an empty clip, NaN or floats
            outside [0, 1]; ends in `Received: ...`.
    """
    array = frames.frames if isinstance(frames, Video) else np.asarray(frames)
    received = f"Received: {name}={describe(array)}"
    if array.ndim != 4 or array.shape[-1] != 3 or array.size == 0:
        raise ValueError(
            f"{name} must be a clip of shape (T, H, W, 3), none of them 0. {received}"
        )
    try:
        return to_rgb8(array)
    except ValueError as error:
        detail = ""
        if array.dtype.kind == "f":
            detail = f" with values from {array.min():.4g} to {array.max():.4g}"
        raise ValueError(f"{name}: {error}. {received}{detail}") from None
