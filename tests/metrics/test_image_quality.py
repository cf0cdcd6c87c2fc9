"""PSNR and SSIM against the official code, TensorFlow, scikit-image and closed forms."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from skimage.metrics import structural_similarity

from keras_magvit.metrics import best_of, psnr, ssim, ssim_rgb
from keras_magvit.metrics.image_quality import to_gray


def test_equal_the_official_code(golden, parity):
    data = golden("metrics")
    for name, metric in (("PSNR", psnr), ("SSIM", ssim)):
        key = name.lower()
        parity(name, metric(data["img_a"], data["img_b"]), data[key], 1e-4)
        # The golden clip: the first four frames.
        videos = (data[side][None, :4] for side in ("img_a", "img_b"))
        parity(name, metric(*videos), data[f"video_{key}"], 1e-4)
    parity("SSIM", to_gray(data["img_a"]), data["gray_a"], 1e-6)


def _pair(seed, shape=(2, 3, 17, 23, 3), noise=0.1):
    rng = np.random.default_rng(seed)
    coarse = rng.random((*shape[:2], 5, 6, 3))
    real = np.kron(coarse, np.ones((1, 1, 4, 4, 1)))[:, :, : shape[2], : shape[3]]
    fake = np.clip(real + rng.normal(0, noise, shape), 0, 1)
    return real.astype("float32"), fake.astype("float32")


def _skimage(real, fake):
    scores = [
        structural_similarity(
            a,
            b,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(real, fake, strict=True)
    ]
    return np.mean(scores)


def test_ssim_equals_scikit_image(close):
    real, fake = _pair(0)
    gray = [x @ np.array([0.2125, 0.7154, 0.0721]) for x in (real, fake)]
    expected = [_skimage(a, b) for a, b in zip(*gray, strict=True)]
    close(ssim(real, fake), expected)
    channels = [
        [_skimage(r[..., c], f[..., c]) for c in range(3)]
        for r, f in zip(real, fake, strict=True)
    ]
    close(ssim_rgb(real, fake), np.mean(channels, axis=1))


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="is TensorFlow's own function"
)
def test_equal_tensorflow(close):
    import tensorflow as tf

    real, fake = _pair(1)
    flat = [x.reshape(-1, *x.shape[2:]) for x in (real, fake)]
    close(ssim_rgb(*flat), tf.image.ssim(*flat, max_val=1.0))
    gray = [to_gray(x) for x in flat]
    close(ssim(*flat), tf.image.ssim(*gray, max_val=1.0))
    close(psnr(*flat), tf.image.psnr(*flat, max_val=1.0))


@given(st.floats(0.01, 0.9), st.integers(0, 100))
@settings(max_examples=6, deadline=None)
def test_closed_forms(shift, seed):
    """A shift of d is -20 log10 d dB; PSNR and SSIM know no order of their arguments."""
    real = np.zeros((1, 2, 12, 12, 3), "float32")
    expected = [-20 * np.log10(shift)]
    np.testing.assert_allclose(
        ops.convert_to_numpy(psnr(real, real + np.float32(shift))), expected, rtol=1e-4
    )
    real, fake = _pair(seed, (1, 1, 12, 12, 3))
    for metric in (psnr, ssim, ssim_rgb):
        there, back = (
            ops.convert_to_numpy(metric(*p)) for p in ((real, fake), (fake, real))
        )
        np.testing.assert_allclose(there, back, rtol=1e-5, atol=1e-6)


def test_equal_videos_and_uint8(close):
    real, fake = ((x * 255).astype("uint8") for x in _pair(2))
    assert np.isposinf(ops.convert_to_numpy(psnr(real, real))).all()
    close(ssim(real, real), [1.0, 1.0], 1e-6)
    for metric in (psnr, ssim):
        close(
            metric(real, fake), metric(real / np.float32(255), fake / np.float32(255))
        )


def test_best_of_takes_the_best_of_each_video(close):
    real, _ = _pair(3)
    fakes = [_pair(3, noise=n)[1] for n in (0.3, 0.05, 0.2)]
    fakes[0][1], fakes[1][1] = fakes[1][1].copy(), fakes[0][1].copy()
    scores = np.stack([ops.convert_to_numpy(psnr(real, fake)) for fake in fakes])
    close(best_of(psnr, real, iter(fakes)), scores.max(0))
    close(best_of(psnr, real, np.stack(fakes), highest=False), scores.min(0))
    assert len(set(scores.argmax(0))) == 2
    with pytest.raises(ValueError, match="Received: samples is empty"):
        best_of(psnr, real, [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, :2], "must have the same shape"),
        (lambda x: x * 255, "divide 0..255 by 255"),
        (lambda x: x * 2 - 1, r"within \[0, 1\]"),
        (lambda x: np.where(x > 0.5, np.nan, x), "must be finite"),
    ],
)
def test_bad_input_is_named(change, message):
    real, _ = _pair(4)
    for metric in (psnr, ssim):
        with pytest.raises(ValueError, match=message) as error:
            metric(real, change(real))
        assert "Received: " in str(error.value)


def test_frames_smaller_than_the_window_are_named():
    with pytest.raises(
        ValueError, match="at least 11 x 11. Received: frames of 10 x 12"
    ):
        ssim(np.zeros((1, 10, 12, 3)), np.zeros((1, 10, 12, 3)))
