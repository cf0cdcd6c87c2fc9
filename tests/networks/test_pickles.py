"""PyTorch's files without PyTorch, and pickles that may not do as they like."""

import pickle
import zipfile

import numpy as np
import pytest
import torch

from keras_magvit.networks.pickles import read_torch, restricted_load
from keras_magvit.networks.weights import WeightsError
from tests.conftest import once

pytestmark = once


@pytest.mark.parametrize("new_format", [True, False])
def test_tensors_are_those_of_torch_load(new_format, tmp_path):
    base = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    tensors = {
        "a.weight": torch.nn.Parameter(base[1:, ::2].clone()),
        "a.view": base.permute(2, 0, 1)[1:],  # strides and an offset
        "a.shared": base[2],
        "half": torch.tensor([1.5, -2.0], dtype=torch.float16),
        "count": torch.tensor(7),
        "empty": torch.zeros(0, 3),
        "flags": torch.tensor([True, False]),
    }
    path = tmp_path / "state.pt"
    torch.save(
        {**tensors, "epoch": 3, "note": "text"},
        path,
        _use_new_zipfile_serialization=new_format,
    )
    read = read_torch(path)
    assert list(read) == list(tensors)
    for name, tensor in tensors.items():
        expected = tensor.detach().numpy()
        assert read[name].dtype == expected.dtype
        np.testing.assert_array_equal(read[name], expected)


def test_arrays_of_numpy_are_loaded(tmp_path):
    tree = {"a": np.arange(6.0).reshape(2, 3), "b": [np.float32([1, 2]), "text", 3]}
    for protocol in (2, 4, 5):
        path = tmp_path / f"{protocol}.pkl"
        path.write_bytes(pickle.dumps(tree, protocol=min(protocol, 4)))
        loaded = restricted_load(path)
        np.testing.assert_array_equal(loaded["a"], tree["a"])
        np.testing.assert_array_equal(loaded["b"][0], tree["b"][0])


@pytest.mark.parametrize(
    "value", [print, torch.nn.Linear, np.load, pickle.Unpickler, {"a": {"b": eval}}]
)
def test_anything_else_is_refused(value, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(WeightsError, match="which weights do not need"):
        restricted_load(path)
    torch.save({"weight": torch.zeros(2), "hook": value}, path)
    with pytest.raises(WeightsError, match="which weights do not need"):
        read_torch(path)


def test_damage_is_refused(tmp_path):
    path = tmp_path / "state.pt"
    torch.save({"a": torch.zeros(1000)}, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def rewritten(change, compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in change(dict(members)).items():
                archive.writestr(name, data)
        with pytest.raises(WeightsError) as error:
            read_torch(path)
        return str(error.value)

    storage = next(name for name in members if name.endswith("data/0"))
    cut = rewritten(lambda m: {**m, storage: m[storage][:400]})
    assert "larger than its storage" in cut
    assert "compressed" in rewritten(lambda m: m, zipfile.ZIP_DEFLATED)
    gone = rewritten(lambda m: {k: v for k, v in m.items() if "data.pkl" not in k})
    assert "no data.pkl" in gone
    path.write_bytes(b"no weights at all")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read_torch(path)
    with pytest.raises(WeightsError, match="must be a file"):
        read_torch(tmp_path)
