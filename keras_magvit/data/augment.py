"""Augmentation of whole clips: one draw serves every frame."""

from dataclasses import dataclass

import numpy as np

from keras_magvit.data.randomness import ClipDraw

# How ITU-R BT.601 weighs red, green and blue into luma.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

# RGB <-> YIQ: a turn of the (I, Q) plane changes the hue and keeps the luma.
_TO_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
)


def to_unit_range(video: np.ndarray) -> np.ndarray:
    """Returns pixels as float32 in [0, 1]; floats are returned as they are."""
    if video.dtype == np.float32:
        return video
    return np.divide(video, 255, dtype=np.float32)


@dataclass(frozen=True)
class ColourJitter:
    """Changes brightness, contrast, saturation and hue, by one draw a clip.

    A factor is uniform in `[1 - amount, 1 + amount]`; contrast turns about the mean luma
    of the whole clip, saturation about each pixel's luma.

    Args:
        brightness: amount in [0, 1].
        contrast: amount in [0, 1].
        saturation: amount in [0, 1].
        hue: the largest turn, as a share of the circle, in [0, 0.5].

    Raises:
        ValueError: if an amount is out of its range.

    Example:
        >>> source = MovingShapes(10, num_frames=16, size=(16, 16))
        >>> dataset = ClipDataset(source, num_frames=4, colour=km.data.ColourJitter(hue=0.0))
    """

    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    hue: float = 0.02

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "saturation", "hue"):
            most, value = 0.5 if name == "hue" else 1.0, getattr(self, name)
            if not 0 <= value <= most:
                raise ValueError(
                    f"{name} must be in [0, {most:g}]. Received: {name}={value!r}"
                )

    def __call__(self, video: np.ndarray, draw: ClipDraw) -> np.ndarray:
        """Applies the jitter of one draw.

        Args:
            video: float32 `(T, H, W, 3)` in [0, 1].
            draw: the clip's draws.

        Returns:
            float32 of the same shape, clipped to [0, 1].
        """
        brightness = _factor(draw.brightness, self.brightness)
        contrast = _factor(draw.contrast, self.contrast)
        turn = self._colour_matrix(draw).astype(np.float32)
        video = video * np.float32(brightness)
        mean = np.float32((video @ _LUMA).mean(dtype=np.float64))
        video = mean + np.float32(contrast) * (video - mean)
        return np.clip(video @ turn.T, 0, 1)

    def _colour_matrix(self, draw: ClipDraw) -> np.ndarray:
        """Saturation and hue as one 3 x 3 matrix that keeps the luma."""
        saturation = _factor(draw.saturation, self.saturation)
        angle = 2 * np.pi * self.hue * (2 * draw.hue - 1)
        cos, sin = saturation * np.cos(angle), saturation * np.sin(angle)
        turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        return np.linalg.inv(_TO_YIQ) @ turn @ _TO_YIQ


def _factor(draw: float, amount: float) -> float:
    return 1 + amount * (2 * draw - 1)
