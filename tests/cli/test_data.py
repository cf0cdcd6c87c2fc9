"""`keras-magvit data`: list, prepare, check, preview."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_magvit.cli.main import main
from keras_magvit.data import registry
from tests.data.videos import write_audio, write_numbered


@pytest.fixture
def command(work, capsys):
    """Runs a command; returns its exit code, stdout and stderr."""

    def call(*argv):
        capsys.readouterr()
        code = main([str(word) for word in argv])
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def folder(tmp_path):
    for i in range(3):
        write_numbered(tmp_path / "videos" / "ab"[i % 2] / f"{i}.mp4", 20, seed=i)
    write_audio(tmp_path / "videos" / "a" / "sound.mp4")
    return tmp_path / "videos"


def test_list_names_every_dataset(command):
    code, out, err = command("data", "list")
    assert code == 0 and err == ""
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(registry.names())


def test_check_tells_what_a_training_meets(command, folder):
    code, out, _ = command("data", "check", folder, "--frames", "8", "--stride", "2")
    assert code == 0
    assert "3 readable, 1 not" in out and "32x24 (3)" in out
    assert "3 videos long enough, 18 windows, 3 that share no frame" in out
    assert "a/sound.mp4: The file has no pictures (only audio)." in out


def test_check_as_json(command, folder, tmp_path):
    code, out, _ = command("data", "check", folder, "--json", "--fast")
    assert code == 0
    report = json.loads(out)
    assert list(report["unreadable"]) == ["a/sound.mp4"]
    path = tmp_path / "report.json"
    code, out, _ = command("data", "check", folder, "--json", path)
    assert code == 0 and f"wrote {path}" in out
    assert json.loads(path.read_text()) == report
    code, _, err = command("data", "check", folder, "--json", path)
    assert code == 2 and "exists" in err


def test_check_strictly(command, folder):
    code, out, err = command("data", "check", folder, "--strict")
    assert code == 2 and "3 readable" in out
    assert err == (
        "keras-magvit: error: 1 unreadable, the first of them 'a/sound.mp4': The file "
        "has no pictures (only audio).\n"
    )


def test_preview_draws_what_a_training_gets(command, tmp_path):
    path = tmp_path / "sheet.png"
    arguments = ("--clips", 3, "--frames", 4, "--size", 32, "--columns", 4)
    code, out, _ = command(
        *("data", "preview", "moving_shapes", "--out", path, *arguments),
        *("--option", "num_videos=3", "--option", "size=[32,32]", "--seed", 5),
    )
    assert code == 0 and out == f"wrote {path}\n"
    sheet = np.asarray(Image.open(path))
    clips = registry.clips(
        *("moving_shapes", "train", 4, (32, 32)),
        seed=5,
        source_options={"num_videos": 3, "size": (32, 32)},
    )
    for number in range(3):
        for frame in clips.example(number)["video"]:
            pixels = np.rint(frame * 255).astype(np.uint8).repeat(4, 0).repeat(4, 1)
            windows = np.lib.stride_tricks.sliding_window_view(
                sheet[:, :, 0], (1, 128)
            )[:, :, 0]
            assert (windows == pixels[64, :, 0]).all(axis=-1).any()


def test_preview_notes_what_it_left_out(command, folder, tmp_path):
    code, _, err = command("data", "preview", folder, "--out", tmp_path / "sheet.png")
    assert code == 0
    assert err == "note: a/sound.mp4: The file has no pictures (only audio).\n"


def test_prepare_asks_the_dataset(command, monkeypatch, tmp_path):
    entry = registry.DatasetEntry("made", "...", "x:y", f"{__name__}:prepare_made")
    monkeypatch.setattr(registry, "TABLE", (entry,))
    code, out, _ = command(
        *("data", "prepare", "made", "--data-dir", tmp_path, "--option", "count=3")
    )
    assert code == 0 and out == "prepared made\n"
    assert (tmp_path / "made").read_text() == "3"
    code, _, err = command("data", "prepare", "made", "--option", "colour=1")
    assert code == 2 and "unexpected keyword argument 'colour'" in err


def prepare_made(data_dir, progress, count=1):
    progress("made", 1, 1)
    with open(f"{data_dir}/made", "w") as file:
        file.write(str(count))


def test_a_dataset_without_preparation(command):
    code, out, err = command("data", "prepare", "moving_digits")
    assert (code, out, err) == (0, "", "note: moving_digits needs no preparation\n")


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (("list", "more"), "unrecognized arguments"),
        ((), "required: COMMAND"),
        (("check", "nowhere"), "must be one of"),
        (("prepare", "nothing"), "must be one of.*NAME|name='nothing'"),
        (("check", "moving_digits", "--option", "x"), "FIELD=VALUE"),
        (("check", "moving_digits", "--option", "x=1"), "unexpected keyword"),
        (("check", "moving_digits", "--split", "dev"), "has the splits"),
        (("check", "moving_digits", "--frames", "0"), "not an int >= 1"),
        (("preview", "moving_digits", "--out", "a.jpg"), ".png"),
        (("preview", "moving_digits", "--out", "no/a.png"), "no"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_refusals(command, arguments, reason):
    code, _, err = command("data", *arguments)
    assert code == 2 and len(err.splitlines()) == 1
    assert re.search(reason, err)
