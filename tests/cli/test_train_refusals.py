"""What the commands that train refuse, and how settings are read."""

import argparse

import pytest

from keras_magvit.cli import settings, train_tokenizer, train_transformer
from keras_magvit.cli.errors import CommandError

TOKENIZER = "train-tokenizer"
SMALL = ("--dataset-options", "num_videos=8", "size=[16,16]", "--size", "16")


def _merged(table, *words, files=()):
    parser = argparse.ArgumentParser()
    settings.add_arguments(parser, table)
    return settings.merge(table, parser.parse_args(words), *files)


@pytest.fixture
def written(work):
    def write(text):
        (work / "run.yaml").write_text(text)
        return "run.yaml"

    return write


def test_flags_win_over_files_and_files_over_defaults(written):
    path = written("batch_size: 4\nlearning_rate: 1e-4\nrecipe: {perceptual: null}\n")
    words = ("--batch-size", "8", "--recipe", "released", "r1_cost=1", "--size", "32")
    merged = _merged(train_tokenizer.TABLE, *words, files=[path])
    assert (merged["batch_size"], merged["learning_rate"]) == (8, 1e-4)
    assert merged["recipe"] == {"perceptual": None, "name": "released", "r1_cost": 1}
    assert (merged["size"], merged["frames"]) == ([32, 32], 16)


def test_settings_survive_their_file(work):
    merged = _merged(train_transformer.TABLE, "--tasks", "FP", "CG,OPC")
    assert merged["tasks"] == ["FP", "CG", "OPC"]
    settings.write_yaml("settings.yaml", merged)
    again = _merged(train_transformer.TABLE, files=["settings.yaml"])
    assert again == merged


@pytest.mark.parametrize(
    "text, words",
    [
        ("batchsize: 4", ["unknown batchsize", "known: model", "batch_size"]),
        ("batch_size: many", ["run.yaml", "batch_size must be an int >= 1", "'many'"]),
        ("batch_size: true", ["batch_size must be an int >= 1"]),
        ("learning_rate: 0", ["learning_rate must be a number above 0"]),
        ("size: [64]", ["size must be a number of pixels"]),
        ("tensorboard: 1", ["tensorboard must be true or false"]),
        ("inflate_mode: middle", ["must be one of central, average"]),
        ("- a\n- b", ["must hold `key: value` lines"]),
        ("a: [", ["not YAML", "line 1"]),
        ("a: !!python/object/apply:os.system ['true']", ["not YAML"]),
    ],
)
def test_files_that_are_refused(refused, written, text, words):
    line = refused(TOKENIZER, written(text), "--run-dir", "run")
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["run_dir is needed"]),
        (["missing.yaml", "--run-dir", "r"], ["'missing.yaml'", "No such file"]),
        (["--run-dir", "r", "--recipe", "poster"], ["`recipe` must be one of"]),
        (
            ["--run-dir", "r", "--recipe", "paper", "r2=1"],
            ["recipe: unknown r2", "r1_cost"],
        ),
        (
            ["--run-dir", "r", "--recipe", "paper", "r1_cost=high"],
            ["recipe: r1_cost must be", "'high'"],
        ),
        (
            ["--run-dir", "r", "--recipe", "paper", "tiny"],
            ["'tiny' is not FIELD=VALUE"],
        ),
        (["--run-dir", "r", "--dataset", "no_such"], ["'no_such'", "moving_digits"]),
        (
            ["--run-dir", "r", *SMALL, "--model", "width=3"],
            ["model: unknown width", "filters"],
        ),
        (
            ["--run-dir", "r", *SMALL, "--model", "base", "padding=same"],
            ["model: unknown padding"],
        ),
        (
            ["--run-dir", "r", *SMALL, "--init", "a", "--inflate", "b"],
            ["choose one"],
        ),
        (["--run-dir", "r", *SMALL, "--init", "no/preset"], ["'no/preset'"]),
    ],
)
def test_arguments_that_are_refused(refused, arguments, words):
    line = refused(TOKENIZER, *arguments)
    assert all(word in line for word in words), line


def test_states_and_presets_are_not_overwritten(refused, work):
    states = work / "run" / "states"
    states.mkdir(parents=True)
    (states / "state_000000001.npz").touch()
    assert "pass --resume" in refused(TOKENIZER, "--run-dir", "run")
    (work / "thesis").mkdir()
    (work / "thesis" / "chapter.txt").touch()
    line = refused(TOKENIZER, "--run-dir", "new", "--out", "thesis")
    assert "not a preset" in line


def test_the_second_stage_needs_a_tokenizer(refused):
    assert "tokenizer is needed" in refused("train-transformer", "--run-dir", "r")


def test_unknown_flags_are_one_line(refused):
    with pytest.raises(CommandError, match="not YAML"):
        _merged(train_tokenizer.TABLE, "--size", "[")
    assert "unrecognized" in refused(TOKENIZER, "--batchsize", "4")
