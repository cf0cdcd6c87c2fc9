"""FVD from videos to the number and its protocol."""

import json

import numpy as np
import pytest

from keras_magvit.metrics import (
    I3D,
    FeatureStatistics,
    FrechetVideoDistance,
    frechet_distance,
)
from keras_magvit.metrics.frechet_video import fvd, video_statistics


class Projection:
    """Stands for I3D where it is not what is tested: 400 random views of a video."""

    name, weights_name, weights_sha256 = "projection", "random views", "ab" * 32
    resize_grid, compute_dtype = "tf1", "float32"

    def __init__(self):
        self.batch_shapes = set()

    def features(self, video):
        self.batch_shapes.add(tuple(video.shape))
        flat = np.asarray(video).reshape(len(video), -1)
        views = np.random.default_rng(0).normal(size=(flat.shape[1], 400))
        return flat @ views.astype("float32")


def _videos(count, seed=0, shape=(9, 4, 6)):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape, 3), "uint8")


@pytest.fixture
def network():
    return Projection()


def test_distance_and_protocol(network):
    real, fake = _videos(20), _videos(13, seed=1, shape=(9, 5, 4))
    result = fvd(real, fake, network, batch_size=6)
    expected = frechet_distance(
        network.features(real / np.float32(255)),
        network.features(fake / np.float32(255)),
    )
    assert float(result) == pytest.approx(expected, rel=1e-5)
    assert (
        str(result)
        == (
            f"FVD {result.value:.2f} (20 real of 4x6, 13 fake of 5x4, 9 frames; tf1 bilinear "
            "to 224x224; I3D logits in float32, weights random views, sha256 "
            + "ab"
            * 32
        )
        + ")"
    )
    stored = json.loads(json.dumps(result.as_dict()))
    assert (stored["name"], stored["num_real"]) == ("fvd", 20)


def test_another_grid_has_another_name(network):
    network.resize_grid = "half_pixel"
    result = fvd(_videos(3), _videos(3, seed=1), network)
    assert result.name == "fvd_half_pixel"
    assert str(result).startswith(f"FVD_HALF_PIXEL {result.value:.2f} (3 real of")
    assert FrechetVideoDistance(network, num_videos=2).name == "fvd_half_pixel"


def test_however_videos_are_given(network):
    """Arrays, batches of any size, dicts, floats: one number, and one compiled shape."""
    real, fake = _videos(11), _videos(7, seed=1)
    expected = float(fvd(real, fake, network, batch_size=4))
    batches = ({"video": b} for b in np.split(real, [1, 2, 8]))
    floats = fake / np.float32(255)
    measured = fvd(batches, [floats[:5], floats[5:]], network, batch_size=4)
    assert float(measured) == pytest.approx(expected, rel=1e-6)
    assert network.batch_shapes == {(4, 9, 4, 6, 3)}


def test_shards_and_files_of_statistics(network, tmp_path):
    real, fake = _videos(11), _videos(7, seed=1)
    first = video_statistics(real[:4], network)
    video_statistics(real[4:], network).save(tmp_path / "rest.npz")
    first.merge(FeatureStatistics.load(tmp_path / "rest.npz"))
    measured = fvd(first, video_statistics(fake, network))
    assert float(measured) == pytest.approx(float(fvd(real, fake, network)), rel=1e-6)


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        (_videos(3, shape=(8, 4, 6)), "at least 9 frames"),
        (_videos(3) * 1.0, "divide 0..255 by 255 or pass uint8"),
        (_videos(3) / 127.5 - 1, "within \\[0, 1\\]"),
        (np.full((3, 9, 4, 6, 3), np.nan), "must be finite"),
        (_videos(3).astype("int64"), "must be uint8 in 0..255 or float"),
        (_videos(3)[..., :1], "must have shape"),
        (_videos(1)[0], "must have shape"),
        (_videos(1), "at least 2 samples"),
        (_videos(3)[:0], "must not be empty"),
        ([], "fake is empty"),
        (_videos(3, shape=(10, 4, 6)), "differ in \\['num_frames'\\]"),
        ([_videos(2), _videos(2, shape=(9, 4, 8))], "one length and size"),
        ({"video": _videos(3)}, "an array or an iterable of batches"),
    ],
)
def test_bad_videos_are_named(fake, message, network):
    with pytest.raises(ValueError, match=message) as error:
        fvd(_videos(3), fake, network)
    assert "Received: " in str(error.value)


def test_statistics_of_another_kind_are_refused(network):
    real = video_statistics(_videos(3), network)
    network.weights_sha256 = "cd" * 32
    with pytest.raises(ValueError, match="differ in \\['weights_sha256'\\]"):
        fvd(real, _videos(3), network)
    plain = FeatureStatistics(400).update(np.random.default_rng(0).random((3, 400)))
    with pytest.raises(ValueError, match="must be measured alike"):
        fvd(plain, plain)


def test_missing_or_empty_weights_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(tmp_path))
    with pytest.raises(ValueError, match="Three ways to get them"):
        fvd(_videos(3), _videos(3))
    with pytest.raises(ValueError, match="has no trained weights"):
        fvd(_videos(3), _videos(3), I3D())
