"""A stranger's weights file: refused before a model reads it, or filled whole."""

import os
import pickle
import shutil

import h5py
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.presets import weights

WHERE = "encoder/chain/video_conv/vars/0"


@pytest.fixture
def file(tokenizer_folder):
    return tokenizer_folder / "model.weights.h5"


@pytest.fixture
def refuses(tokenizer_folder, refused):
    """Asserts that the tokenizer is not built at all."""

    def check(*words):
        return refused(tokenizer_folder, *words, cls=km.VideoTokenizer)

    return check


class Bomb:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_pickle(file, refuses, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file.write_bytes(pickle.dumps(Bomb()))
    refuses("model.weights.h5 is not an HDF5 file")
    assert not os.path.exists("exploded")


@pytest.mark.parametrize("size", [0, 4, 100, -1000])
def test_cut(size, file, refuses):
    os.truncate(file, size if size >= 0 else file.stat().st_size + size)
    refuses("model.weights.h5 is")


def test_noise_behind_the_signature(file, refuses):
    noise = np.random.default_rng(0).bytes(file.stat().st_size)
    file.write_bytes(weights._SIGNATURE + noise)
    refuses("model.weights.h5 is damaged")


def _replaced(function):
    """Changes the file at one weight: `function(file, shape)` puts something there."""

    def change(file):
        shape = file[WHERE].shape
        del file[WHERE]
        function(file, shape)

    return change


def _external_link(file, shape):
    file[WHERE] = h5py.ExternalLink("other.h5", "/x")


def _soft_link(file, shape):
    file[WHERE] = h5py.SoftLink("/encoder")


def _external_storage(file, shape):
    size = 4 * int(np.prod(shape))
    file.create_dataset(WHERE, shape, "float32", external=[("/etc/passwd", 0, size)])


def _virtual(file, shape):
    layout = h5py.VirtualLayout(shape, "float32")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape)
    file.create_virtual_dataset(WHERE, layout)


def _text(file, shape):
    data = np.full(shape, "x", object)
    file.create_dataset(WHERE, data=data, dtype=h5py.string_dtype())


def _references(file, shape):
    file.create_dataset(WHERE, shape, h5py.ref_dtype)


def _records(file, shape):
    file.create_dataset(WHERE, shape, np.dtype([("a", "f4"), ("b", "f4")]))


def _integers(file, shape):
    file.create_dataset(WHERE, (2000,), "int32", data=np.zeros(2000))


def _not_stored(file, shape):
    file.create_dataset(WHERE, shape, "float32")


def _bomb(file, shape):
    file.create_dataset(
        WHERE, (2**20, 2**20), "float32", chunks=(1024, 1024), compression="gzip"
    )


def _compressed(file, shape):
    file.create_dataset(WHERE, data=np.zeros(shape, "float32"), compression="gzip")


def _empty(file, shape):
    file.create_dataset(WHERE, data=h5py.Empty("float32"))


def _cycle(file, shape):
    file[WHERE] = file["/encoder"]


def _type(file, shape):
    file[WHERE] = np.dtype("float32")


def _other_shape(file, shape):
    file[WHERE] = np.zeros(shape[::-1], "float32")


def _one_more(file, shape):
    file[WHERE] = np.zeros(shape, "float32")
    file["more"] = np.zeros((3, 3), "float32")


CHANGES = {
    _external_link: "has a link at",
    _soft_link: "has a link at",
    _external_storage: "does not hold the whole array",
    _virtual: "does not hold the whole array",
    _text: "has no numbers at",
    _references: "has no numbers at",
    _records: "has no numbers at",
    _integers: "has no numbers at",
    _not_stored: "does not hold the whole array",
    _bomb: "does not hold the whole array",
    _compressed: "does not hold the whole array",
    _empty: "does not hold the whole array",
    _cycle: "is tangled at",
    _type: "has neither group nor array at",
    _other_shape: "not expected: encoder/chain/video_conv/vars/0 (32, 3, 3, 3, 3)",
    _one_more: "not expected: more (3, 3)",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_what_keras_does_not_write(change, file, refuses, monkeypatch):
    monkeypatch.setattr(km.VideoTokenizer, "from_config", None)  # never reached
    with h5py.File(file, "r+") as opened:
        _replaced(change)(opened)
    refuses(CHANGES[change])


def test_deep(file, refuses):
    with h5py.File(file, "r+") as opened:
        opened.create_group("/".join("x" * 80))
    refuses("is tangled")


def test_another_model(tiny_tokenizer, tokenizer_folder, refuses, tmp_path):
    other = tiny_tokenizer(channel_multipliers=(2, 2, 1), num_res_blocks=2)
    other.save_to_preset(tmp_path / "other")
    name = "model.weights.h5"
    shutil.copy(tmp_path / "other" / name, tokenizer_folder / name)
    text = refuses("holds the weights of another model", "parameters where config.json")
    assert "not expected: " in text


def test_of_the_other_part(saved, refused):
    name = "model.weights.h5"
    shutil.copy(saved / "tokenizer" / name, saved / "transformer" / name)
    refused(saved, f"transformer/{name} holds the weights of another model")


def test_right_shapes_in_wrong_places(file, refuses):
    with h5py.File(file, "r+") as opened:
        opened.move("encoder", "coder")
    refuses("model.weights.h5 does not fit the model")


def test_config_that_claims_more_than_the_file(
    tokenizer_folder, edit, refuses, monkeypatch
):
    monkeypatch.setattr(km.VideoTokenizer, "from_config", None)
    config = tokenizer_folder / "config.json"
    edit(config, lambda value: value["config"].update(filters=1024))
    refuses("another model", "parameters where config.json has")


def test_states_of_generators_are_no_weights(file, tokenizer_folder):
    with h5py.File(file, "r+") as opened:
        opened["seed_generator/vars/0"] = np.zeros(2, "uint32")
    km.VideoTokenizer.from_preset(tokenizer_folder)
