"""Metrics of the generated part of a video, and of its border."""

import numpy as np
import pytest
from keras import ops

import keras_magvit as km
from keras_magvit.metrics import border_seam, psnr, region_psnr

SHAPE = (2, 4, 8, 8, 3)


@pytest.fixture
def videos():
    rng = np.random.default_rng(0)
    return rng.random(SHAPE, "float32"), rng.random(SHAPE, "float32")


@pytest.mark.parametrize("task", km.tasks.names()[:10])
def test_parts_equal_their_definition(task, videos, close):
    real, fake = videos
    mask = km.tasks.get(task).condition(real, (2, 2, 2)).video_mask
    given = np.broadcast_to(ops.convert_to_numpy(mask), (*SHAPE[:-1], 1))
    for part, where in (("generated", ~given), ("given", given)):
        measured = region_psnr(real, fake, mask, part)
        if not where.any():
            assert np.isnan(ops.convert_to_numpy(measured)).all()
            continue
        errors = [
            ((r - f)[w[..., 0]] ** 2).mean()
            for r, f, w in zip(real, fake, where, strict=True)
        ]
        close(measured, -10 * np.log10(errors))


def test_the_other_part_does_not_count(videos, close):
    real, fake = videos
    given = np.zeros((1, 1, 1, 8, 1), bool)
    given[..., :3, :] = True
    kept = np.where(given, real, fake)
    close(region_psnr(real, kept, given), region_psnr(real, fake, given))
    assert np.isposinf(
        ops.convert_to_numpy(region_psnr(real, kept, given, "given"))
    ).all()
    one_frame = real[:, :1], fake[:, :1]
    everything = np.zeros((1, 1, 1, 1, 1), bool)
    close(region_psnr(*one_frame, everything), psnr(*one_frame))


def test_seam(videos, close):
    """A step of d at the border, in a video that has none, is d."""
    real, fake = videos
    given = np.zeros((1, 1, 8, 1, 1), bool)
    given[:, :, :4] = True
    still = np.full(SHAPE, 0.25, "float32")
    close(border_seam(still, np.where(given, still, 0.75), given), [0.5, 0.5])
    close(border_seam(still, np.where(given, still, 0.0), given), [0.25, 0.25])
    jumps = np.abs(fake[:, :, 4] - fake[:, :, 3]) - np.abs(
        real[:, :, 4] - real[:, :, 3]
    )
    close(border_seam(real, fake, given), jumps.mean((1, 2, 3)))
    assert np.all(ops.convert_to_numpy(border_seam(real, real, given)) == 0)
    frames = np.arange(4).reshape(1, 4, 1, 1, 1) < 2
    jumps = np.abs(fake[:, 2] - fake[:, 1]) - np.abs(real[:, 2] - real[:, 1])
    close(border_seam(real, fake, frames), jumps.mean((1, 2, 3)))
    nothing = np.zeros((1, 1, 1, 1, 1), bool)
    assert np.isnan(ops.convert_to_numpy(border_seam(real, fake, nothing))).all()


def test_bad_input_is_named(videos):
    real, fake = videos
    mask = np.zeros((2, 4, 8, 8, 1), bool)
    with pytest.raises(ValueError, match="Received: part='other'"):
        region_psnr(real, fake, mask, "other")
    with pytest.raises(ValueError, match="must have the same shape"):
        region_psnr(real, fake[:1], mask)
    for wrong in (mask[:, :3], mask[0], mask.astype("float32")):
        with pytest.raises(ValueError, match="must be bool and broadcastable"):
            border_seam(real, fake, wrong)
