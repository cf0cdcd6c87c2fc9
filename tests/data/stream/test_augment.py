"""Colour jitter against a formula of its own."""

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.data import ColourJitter
from keras_magvit.data.augment import to_unit_range
from keras_magvit.data.randomness import ClipDraw, draw_clip

UNIT = st.floats(0, 1, exclude_max=True)


def draws(**values):
    neutral = dict.fromkeys(vars(draw_clip(0, 0)), 0.5)
    return ClipDraw(**{**neutral, **values})


def luma(video):
    return 0.299 * video[..., 0] + 0.587 * video[..., 1] + 0.114 * video[..., 2]


@pytest.fixture
def video():
    return np.random.default_rng(0).uniform(0.3, 0.7, (3, 4, 5, 3)).astype(np.float32)


def apply(video, draw, **amounts):
    jitter = ColourJitter(
        **{
            **dict.fromkeys(("brightness", "contrast", "saturation", "hue"), 0),
            **amounts,
        }
    )
    return jitter(video, draw)


def test_no_amount_changes_nothing(video):
    assert np.allclose(apply(video, draw_clip(1, 2)), video, atol=1e-6)


@given(UNIT, UNIT, UNIT)
@settings(max_examples=40, deadline=None)
def test_factors(brightness, contrast, saturation):
    """Brightness scales, contrast turns about the clip's luma, saturation about a pixel's."""
    video = np.random.default_rng(0).uniform(0.4, 0.6, (2, 4, 5, 3)).astype(np.float32)
    draw = draws(brightness=brightness, contrast=contrast, saturation=saturation)
    got = apply(video, draw, brightness=0.2, contrast=0.3, saturation=0.4)
    expected = video.astype(np.float64) * (1 + 0.2 * (2 * brightness - 1))
    mean = luma(expected).mean()
    expected = mean + (1 + 0.3 * (2 * contrast - 1)) * (expected - mean)
    grey = luma(expected)[..., None]
    expected = grey + (1 + 0.4 * (2 * saturation - 1)) * (expected - grey)
    # The matrices of YIQ are given to four digits.
    assert np.allclose(got, np.clip(expected, 0, 1), atol=1e-3)


@given(UNIT)
@settings(max_examples=20, deadline=None)
def test_hue_turns_the_plane_of_colours_and_keeps_the_luma(hue):
    video = np.random.default_rng(0).uniform(0.4, 0.6, (2, 4, 5, 3)).astype(np.float32)
    got = apply(video, draws(hue=hue), hue=0.25)
    assert np.allclose(luma(got), luma(video), atol=1e-4)
    angle = 2 * np.pi * 0.25 * (2 * hue - 1)
    chroma = []
    for pixels in (video, got):
        yiq = np.array([colorsys.rgb_to_yiq(*p) for p in pixels.reshape(-1, 3)])
        chroma.append(yiq[:, 1] + 1j * yiq[:, 2])
    # Python's YIQ is that of FCC 1953 to three digits, ours to four.
    assert np.allclose(chroma[1], chroma[0] * np.exp(1j * angle), atol=0.01)


def test_all_frames_are_treated_alike(video):
    still = np.repeat(video[:1], 4, axis=0)
    got = ColourJitter(0.5, 0.5, 0.5, 0.3)(still, draw_clip(0, 5))
    assert np.array_equal(got, np.repeat(got[:1], 4, axis=0))
    assert got.dtype == np.float32 and got.min() >= 0 and got.max() <= 1


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "hue"])
def test_amounts_out_of_range(name):
    with pytest.raises(
        ValueError, match=rf"{name} must be in \[0, .*Received: {name}="
    ):
        ColourJitter(**{name: -0.1})
    with pytest.raises(ValueError, match=f"Received: {name}="):
        ColourJitter(**{name: 1.1})


def test_pixels_to_unit_range():
    pixels = np.arange(256, dtype=np.uint8)
    expected = (np.arange(256) / 255).astype(np.float32)
    assert np.array_equal(to_unit_range(pixels), expected)
    assert to_unit_range(expected) is expected
