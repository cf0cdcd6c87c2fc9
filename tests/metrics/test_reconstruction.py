"""Reconstructions over a set."""

import json

import numpy as np
import pytest
from keras import ops

from keras_magvit.metrics import psnr, reconstruction, ssim
from tests.conftest import once

pytestmark = once


class FirstChannel:
    """Stands for `LPIPS`: the mean of the first channel's difference."""

    name = "first_channel"

    def __call__(self, real, fake):
        return ops.mean(ops.abs(real - fake)[..., 0], axis=(1, 2, 3))


def test_means_over_batches(shared_tokenizer, clips, close):
    videos = clips(4)
    ids = ops.convert_to_numpy(shared_tokenizer.encode(videos))
    fake = np.clip(ops.convert_to_numpy(shared_tokenizer.decode(ids)), 0, 1)
    batches = [videos[:2], {"video": videos[2:]}]
    found = reconstruction(shared_tokenizer, batches, FirstChannel())
    assert found.num_videos == 4
    close(found.psnr, np.mean(ops.convert_to_numpy(psnr(videos, fake))))
    close(found.ssim, np.mean(ops.convert_to_numpy(ssim(videos, fake))))
    close(found.perceptual, np.abs(videos - fake)[..., 0].mean(), 1e-3)
    shares = np.bincount(ids.ravel(), minlength=32) / ids.size
    close(found.codebook_usage, (shares > 0).mean())
    shares = shares[shares > 0]
    close(found.codebook_perplexity, np.exp(-(shares * np.log(shares)).sum()))
    assert "first_channel 0." in str(found) and "(4 videos)" in str(found)
    assert json.loads(json.dumps(found.as_dict()))["perceptual_name"] == "first_channel"


def test_one_batch_and_none(shared_tokenizer, clips):
    found = reconstruction(shared_tokenizer, clips(2))
    assert found.num_videos == 2 and found.perceptual is None
    assert str(found).startswith(
        f"PSNR {found.psnr:.2f} dB, SSIM {found.ssim:.4f}, codebook"
    )
    with pytest.raises(ValueError, match="Received: videos is empty"):
        reconstruction(shared_tokenizer, [])
