"""A stranger's config and paths: one line, and nothing is run or allocated."""

import json
import os
import shutil

import keras
import pytest

import keras_magvit as km
from keras_magvit.presets import checking


def _node(module, name, config=None, registered=None):
    return {
        "module": module,
        "class_name": name,
        "config": {} if config is None else config,
        "registered_name": registered,
    }


@keras.saving.register_keras_serializable(package="tests_presets")
class OwnLambda(keras.layers.Lambda):
    """Registered, and still a carrier of code."""


@keras.saving.register_keras_serializable(package="tests_presets")
def own_function():
    raise AssertionError


CLASSES = {
    "lambda": {"class_name": "__lambda__", "config": {"value": "4wEA"}},
    "lambda_layer": _node("keras.layers", "Lambda", {"function": "x"}),
    "own_lambda": _node("x", "OwnLambda", {}, "tests_presets>OwnLambda"),
    "own_function": _node("x", "own_function", {}, "tests_presets>own_function"),
    "function": _node("builtins", "function", {}, "eval"),
    "os": _node("os", "system", {"command": "true"}),
    "keras": _node("keras.layers", "Dense", {"units": 3}),
    "keras_file": _node("keras.utils", "get_file", {"origin": "http://x"}),
    "keras_src": _node("keras.src.saving", "load_model"),
    "array": _node(None, "__numpy__", {"value": [1], "dtype": "float32"}),
    "tensor": _node(None, "__tensor__", {"value": [1], "dtype": "float32"}),
    "type": {"class_name": "__typespec__", "spec_name": "x", "config": []},
    "unknown": _node("mine", "Mine", {}, "mine>Mine"),
    "other_name": _node("x", "Lambda", {}, "keras_magvit>VectorQuantizer"),
    "unhashable": _node([], {}, {}, []),
    "initializer": _node("keras.initializers", "get"),
}


@pytest.mark.parametrize("node", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("place", ["quantizer", "dtype", "name"])
def test_classes(node, place, tokenizer_folder, edit, refused):
    config = tokenizer_folder / "config.json"
    edit(config, lambda value: value["config"].update({place: node}))
    text = refused(tokenizer_folder, cls=km.VideoTokenizer)
    assert "config.json names" in text or "in an unknown way" in text


@pytest.mark.parametrize("node", CLASSES.values(), ids=CLASSES)
def test_root_classes(node, saved, edit, refused):
    edit(saved / "config.json", lambda value: node)
    refused(saved, "config.json")


def test_unsafe_mode_does_not_help(saved, edit, refused):
    from keras.src.saving.serialization_lib import SafeModeScope

    config = saved / "tokenizer" / "config.json"
    edit(config, lambda v: v["config"].update(quantizer=CLASSES["lambda"]))
    with SafeModeScope(False):
        refused(saved, "config.json names '__lambda__'")


def test_harmless_classes_of_keras():
    for node in (
        _node("keras", "DTypePolicy", {"name": "float32"}),
        _node("keras.initializers", "GlorotUniform", {"seed": None}),
    ):
        checking._check_class(node)


def test_compile_and_build_are_not_read(saved, edit):
    bad = {"compile_config": {"optimizer": CLASSES["lambda"]}, "build_config": [1]}
    edit(saved / "tokenizer" / "config.json", lambda value: value.update(bad))
    km.VideoTokenizer.from_preset(saved)


SIZES = [
    ("filters", 10**6),
    ("filters", -1),
    ("filters", 0),
    ("filters", "64"),
    ("filters", 1.5),
    ("codebook_size", 2**60),
    ("codebook_size", 2**24),
    ("embedding_dim", [8]),
    ("num_res_blocks", 10**9),
    ("channel_multipliers", [1] * 1000),
    ("channel_multipliers", [1, 10**9]),
    ("channel_multipliers", []),
    ("channel_multipliers", 3),
    ("temporal_downsample", "yes"),
    ("temporal_kernel", 7),
    ("video_shape", [10**9] * 3),
    ("padding", "magic"),
    ("padding", "x" * 10**4),
    ("colour", "red"),
    ("name", "a/b"),
    ("dtype", "float9"),
]


@pytest.mark.parametrize(("key", "value"), SIZES, ids=lambda v: str(v)[:20])
def test_sizes(key, value, tokenizer_folder, edit, refused):
    config = tokenizer_folder / "config.json"
    edit(config, lambda tree: tree["config"].update({key: value}))
    for weights in (True, False):
        refused(tokenizer_folder, cls=km.VideoTokenizer, load_weights=weights)


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("transformer", "num_layers", 10**8),
        ("transformer", "hidden_dim", 2**15),
        ("transformer", "num_heads", 0),
        ("transformer", "mlp_dim", None),
        ("transformer", "max_length", 13),
        ("", "num_classes", 10**9),
        ("", "num_classes", 6),
        ("", "video_shape", [8, 16, 16]),
        ("", "tasks", ["dreaming"]),
        ("", "tasks", []),
        ("", "conditioning", "magic"),
        ("", "sampling", {"num_steps": 10**9}),
        ("", "sampling", {"schedule": "magic"}),
        ("", "vocabulary", {"codebook_size": 32, "prompt_version": 99}),
    ],
)
def test_sizes_of_models(part, key, value, saved, edit, refused):
    config = saved / part / "config.json"
    edit(config, lambda tree: tree["config"].update({key: value}))
    refused(saved)


TEXTS = {
    "empty": "",
    "no_json": "# A config",
    "cut": '{"class_name": "MAGVIT", "con',
    "list": "[]",
    "number": "1",
    "nan": '{"class_name": NaN}',
    "deep": '{"a":' * 50_000,
    "nested": '{"class_name": "M", "config": ' + "[" * 200 + "]" * 200 + "}",
    "digits": '{"a": ' + "1" * 10_000 + "}",
    "binary": "\x80\x04\x95",
    "no_class": "{}",
    "large": json.dumps({"a": ["x" * 100] * 20_000}),
    "many": json.dumps({"class_name": "M", "config": [1] * 50_000}),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_corrupt(text, saved, refused):
    (saved / "config.json").write_text(text, encoding="latin-1")
    refused(saved, "config.json")


@pytest.mark.parametrize(
    "name",
    ["config.json", "tokenizer/config.json", "transformer/model.weights.h5"],
)
def test_missing(name, saved, refused):
    (saved / name).unlink()
    refused(saved, f"{name} is missing in the preset folder")


# === Paths ===========================================================================

NAMES = ["config.json", "tokenizer", "tokenizer/config.json"]
NAMES += ["transformer/model.weights.h5"]


@pytest.mark.parametrize("name", NAMES)
def test_links_that_lead_out(name, saved, tmp_path, refused):
    outside = tmp_path / "outside"
    shutil.move(saved / name, outside)
    (saved / name).symlink_to(outside)
    refused(saved, f"{name}", "leads out of the preset folder")


def test_links_that_stay(saved, tmp_path):
    (saved / "tokenizer").rename(saved / "tokenizer_1")
    (saved / "tokenizer").symlink_to("tokenizer_1")
    (tmp_path / "link").symlink_to(saved)
    km.VideoTokenizer.from_preset(tmp_path / "link")


def test_dangling_links(saved, refused):
    (saved / "config.json").unlink()
    (saved / "config.json").symlink_to("config.json")
    refused(saved, "config.json is missing")


def test_pipes_and_folders(saved, refused):
    (saved / "config.json").unlink()
    (saved / "config.json").mkdir()
    refused(saved, "not a regular file")
    (saved / "config.json").rmdir()
    os.mkfifo(saved / "config.json")
    refused(saved, "not a regular file")


def test_replaced_while_it_is_read(saved, shared_model, monkeypatch, refused):
    build = km.MAGVIT.from_config

    def build_late(config):
        shared_model.save_to_preset(saved)
        return build(config)

    monkeypatch.setattr(km.MAGVIT, "from_config", build_late)
    refused(saved, "was replaced while it was read")
