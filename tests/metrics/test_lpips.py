"""LPIPS against the package of its authors, on the same random backbone."""

import importlib.util
import sys
import types

import numpy as np
import pytest
import torch
from keras import ops

from keras_magvit.metrics import LPIPS
from keras_magvit.networks import efficientnet_lite0
from tests.conftest import once
from tests.networks.torch_references import Vgg16, randomize

lpips_package = pytest.mark.skipif(
    importlib.util.find_spec("lpips") is None,
    reason="needs the heads: pip install --no-deps lpips==0.1.4",
)


@pytest.fixture(scope="module")
def backbone():
    return randomize(Vgg16())


@pytest.fixture(scope="module")
def weights(backbone, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "vgg16.pth"
    torch.save(backbone.state_dict(), path)
    return path


@pytest.fixture
def official(backbone, monkeypatch):
    """The authors' network around our backbone.

    Their package takes nothing from torchvision but VGG16's layers, so that a module
    that has these, with random weights, stands for it.
    """
    torchvision = types.ModuleType("torchvision")
    torchvision.models = types.SimpleNamespace(vgg16=lambda pretrained: backbone)
    monkeypatch.setitem(sys.modules, "torchvision", torchvision)
    for name in ("lpips", "lpips.lpips", "lpips.pretrained_networks", "lpips.trainer"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    package = importlib.import_module("lpips")
    yield package.LPIPS(net="vgg", verbose=False)
    for name in [n for n in sys.modules if n.split(".")[0] == "lpips"]:
        del sys.modules[name]


def _videos(shape=(2, 3, 35, 48, 3)):
    rng = np.random.default_rng(0)
    return rng.random(shape, "float32"), rng.random(shape, "float32")


@lpips_package
def test_equals_the_package(official, weights, close):
    """Also when frames fill no whole batch."""
    real, fake = _videos()
    real[0, 0] = fake[0, 0]
    to_torch = [
        torch.from_numpy(x).flatten(0, 1).permute(0, 3, 1, 2) * 2 - 1
        for x in (real, fake)
    ]
    with torch.no_grad():
        expected = official(*to_torch).reshape(2, 3)
    lpips = LPIPS(weights=weights, batch_size=4)
    assert lpips.name == "lpips_vgg16"
    close(lpips(real, fake), expected.mean(1))
    close(lpips(real[0], fake[0]), expected[0])
    assert float(ops.max(lpips(real, real))) == 0.0


@once
def test_the_stand_in_has_another_name(close):
    lpips = LPIPS("efficientnet_lite0", weights=None)
    assert lpips.name == "feature_distance_efficientnet_lite0"
    real, fake = _videos((2, 2, 32, 32, 3))
    network = efficientnet_lite0(None, num_stages=5)
    network.set_weights(lpips.network.get_weights())
    expected = np.zeros(4)
    flat = [x.reshape(4, 32, 32, 3) for x in (real, fake)]
    for a, b in zip(*(network(x) for x in flat), strict=True):
        a, b = (ops.convert_to_numpy(x).astype("float64") for x in (a, b))
        a, b = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
        expected += ((a - b) ** 2).sum(-1).mean((1, 2))
    close(lpips(real, fake), expected.reshape(2, 2).mean(1))


@once
def test_bad_input_is_named():
    with pytest.raises(ValueError, match="Received: network='alex'"):
        LPIPS("alex")
    with pytest.raises(ValueError, match="no heads for efficientnet_lite0"):
        LPIPS("efficientnet_lite0", weights=None, heads="heads.pth")
    lpips = LPIPS("efficientnet_lite0", weights=None)
    real, fake = _videos((1, 2, 16, 16, 3))
    with pytest.raises(ValueError, match="must have the same shape"):
        lpips(real, fake[:, :1])
    with pytest.raises(ValueError, match="at least 16 x 16"):
        lpips(real[:, :, 1:], fake[:, :, 1:])
    with pytest.raises(ValueError, match=r"within \[0, 1\]"):
        lpips(real, fake * 2 - 1)
