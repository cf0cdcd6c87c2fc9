"""C3D against PyTorch on random weights, from every file that people have."""

import keras
import msgpack
import numpy as np
import pytest
import torch
from keras import ops

from keras_magvit.networks.c3d import C3D
from keras_magvit.networks.weights import WeightsError
from tests.conftest import once
from tests.networks.torch_references import C3D as TorchC3D
from tests.networks.torch_references import randomize

SIZES = {"filters": 2, "units": 16}


@pytest.fixture(scope="module")
def reference():
    return randomize(TorchC3D(**SIZES))


@pytest.fixture(scope="module")
def mean():
    """The mean clip of the training: 128 x 171 pixels, blue first."""
    return (
        np.random.default_rng(0).uniform(80, 120, (3, 16, 128, 171)).astype("float32")
    )


def _write_chainer(folder, network, mean):
    names = {"weight": "W", "bias": "b"}
    arrays = {}
    for key, tensor in network.state_dict().items():
        layer, kind = key.split(".")
        arrays[f"{layer}/{names[kind]}"] = tensor.numpy()
    np.savez(folder / "conv3d_deepnetA_ucf.npz", **arrays)
    np.savez(folder / "mean2.npz", mean=mean)
    return folder / "conv3d_deepnetA_ucf.npz"


def _packed(array):
    inner = msgpack.packb((array.shape, array.dtype.name, array.tobytes()))
    return msgpack.ExtType(1, inner)


def _flax_tree(network, mean):
    """As `flax.serialization.to_bytes` spells it."""
    tree = {"x_offset": _packed(_offset(mean))}
    for key, tensor in network.state_dict().items():
        layer, kind = key.split(".")
        array = tensor.numpy()
        if kind == "weight":
            array = array.transpose(2, 3, 4, 1, 0) if array.ndim == 5 else array.T
        name = "kernel" if kind == "weight" else "bias"
        tree.setdefault(layer, {})[name] = _packed(np.ascontiguousarray(array))
    return {"params": tree}


def _offset(mean):
    return -np.ascontiguousarray(mean[:, :, 8:120, 8:120].transpose(1, 2, 3, 0))


def _expected(reference, video, mean, scale=256.0):
    """PyTorch's logits; `scale` is what [0, 1] is stretched to."""
    pixels = torch.from_numpy(video).permute(0, 4, 1, 2, 3)
    # The reference takes [-1, 1] times 128, plus 128: 256 times [0, 1].
    pixels = 2 * (pixels * (scale / 256)) - 1
    return reference(pixels, torch.from_numpy(mean[None, :, :, 8:120, 8:120]))


def _video(shape=(2, 16, 20, 31, 3)):
    return np.random.default_rng(1).random(shape, "float32")


def test_chainer_file_equals_pytorch(reference, mean, tmp_path, close):
    """Also as uint8, compiled, and after its own file."""
    model = C3D.from_weights(_write_chainer(tmp_path, reference, mean), **SIZES)
    video = _video()
    expected = _expected(reference, video, mean)
    close(model(video), expected)
    close(model.logits(video), expected)
    whole = (video * 255).round().astype("uint8")
    close(model(whole), _expected(reference, whole / np.float32(255), mean))
    assert model.weights_name == "conv3d_deepnetA_ucf.npz"
    assert len(model.weights_sha256) == 64
    model.save_weights(tmp_path / "c3d.weights.h5")
    again = C3D.from_weights(tmp_path / "c3d.weights.h5", **SIZES)
    close(again(video), expected)


def test_flax_file_equals_pytorch(reference, mean, tmp_path, close):
    path = tmp_path / "c3d_ucf101.flax"
    path.write_bytes(msgpack.packb(_flax_tree(reference, mean)))
    model = C3D.from_weights(path, **SIZES)
    video = _video((1, 16, 112, 112, 3))
    close(model(video), _expected(reference, video, mean, 255.0))


@pytest.mark.heavy
def test_full_size_equals_pytorch(mean, tmp_path, close):
    reference = randomize(TorchC3D())
    model = C3D.from_weights(_write_chainer(tmp_path, reference, mean))
    close(model(_video()), _expected(reference, _video(), mean))


# === Refusals ========================================================================


@once
def test_bad_clips_are_named():
    model = C3D(**SIZES)
    with pytest.raises(ValueError, match="C3D sees clips of 16 frames"):
        model(np.zeros((1, 15, 16, 16, 3), "float32"))
    with pytest.raises(ValueError, match="must have shape"):
        model(np.zeros((16, 16, 16, 3), "float32"))
    with pytest.raises(ValueError, match="divide 0..255 by 255"):
        model.logits(np.full((1, 16, 16, 16, 3), 2.0, "float32"))


@once
def test_missing_weights_are_told(monkeypatch, tmp_path, reference, mean):
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(tmp_path))
    with pytest.raises(
        WeightsError, match=r"Two ways to get them: \(1\) get conv3d_deep"
    ):
        C3D.from_weights(**SIZES)
    path = _write_chainer(tmp_path, reference, mean)
    assert C3D.from_weights(**SIZES).weights_name == "C3D of TGANv2" or path.exists()
    np.savez(tmp_path / "mean2.npz", mean=mean[:, :15])
    with pytest.raises(WeightsError, match="no mean clip"):
        C3D.from_weights(**SIZES)
    (tmp_path / "mean2.npz").unlink()
    with pytest.raises(WeightsError, match="need the mean clip"):
        C3D.from_weights(**SIZES)


@once
def test_other_networks_and_damage_are_named(tmp_path, reference, mean):
    path = _write_chainer(tmp_path, reference, mean)
    with pytest.raises(
        WeightsError, match=r"does not hold C3D \(\d+ faults: conv1a has"
    ):
        C3D.from_weights(path, filters=4, units=16)
    np.savez(path, **{"fc6/W": np.array([None])})
    with pytest.raises(WeightsError, match="cannot be read as .npz"):
        C3D.from_weights(path, **SIZES)
    path.write_bytes(b"PK")
    with pytest.raises(WeightsError, match="cannot be read as .npz"):
        C3D.from_weights(path, **SIZES)
    flax = tmp_path / "c3d_ucf101.flax"
    for tree in ({"params": {}}, {"params": {"conv1a": 3}}, {}):
        flax.write_bytes(msgpack.packb(tree))
        with pytest.raises(WeightsError, match="does not hold C3D"):
            C3D.from_weights(flax, **SIZES)


def test_config_makes_the_same_network():
    model = C3D(**SIZES)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(model)
    )
    shapes = [tuple(ops.shape(v)) for v in model.variables]
    assert shapes == [tuple(ops.shape(v)) for v in again.variables]
