"""Bad input: one line, exit code 2, nothing left behind."""

import json
import pickle
import shutil
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from keras_magvit.io import write_video
from tests.cli.conftest import smooth


def _empty(path):
    path.write_bytes(b"")


def _truncated(path):
    write_video(path, smooth(12, 32, 32))
    path.write_bytes(path.read_bytes()[:-400])


def _text(path):
    path.write_text("Dear diary,\n" * 50)


def _huge(path):
    write_video(path, smooth(4))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"avc1") + 4
    struct.pack_into(">HH", data, at + 24, 20000, 20000)
    path.write_bytes(data)


def _audio_only(path):
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=16000)
        stream.layout = "mono"
        silence = np.zeros((1, 16000), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate = 16000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def _one_frame(path):
    write_video(path, smooth(1))


VIDEOS = [
    ("a.mp4", _empty, "'a.mp4': The file is empty (0 bytes)"),
    ("a.mp4", _truncated, "cut"),
    ("a.mp4", _text, "not a"),
    ("a.mp4", _huge, "20000x20000 pixels"),
    ("a.mp4", _audio_only, "only audio"),
    ("a.gif", _one_frame, "too short: 1 frame(s)"),
    ("a.mp4", lambda path: None, "No such file"),
]
COMMANDS = {
    "generate": lambda preset, video: (
        *("generate", preset, "OPC", "--video", video, "--out", "out.mp4"),
        *("--sheet", "out.png", "--strip", "strip.png"),
    ),
    "reconstruct": lambda preset, video: (
        *("reconstruct", preset, video, "--out", "out.gif", "--sheet", "out.png"),
    ),
    "tokenize": lambda preset, video: ("tokenize", preset, video, "--out", "out.npz"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name, make, words", VIDEOS)
def test_videos(refused, preset, work, command, name, make, words):
    make(work / name)
    assert words in refused(*COMMANDS[command](preset, name))


@pytest.mark.parametrize("name", ["one.gif", "one.webp", "one.mp4"])
def test_a_still_picture_is_no_video(refused, run, preset, work, name):
    write_video(name, smooth(1))
    err = refused("generate", preset, "FP", "--video", name, "--out", "a.npz")
    assert f"{name!r}: too short: 1 frame(s)" in err
    assert "a folder with one image, or as .npz or .npy" in err
    write_video("frames", smooth(1))  # said to be one frame, it is taken
    run("generate", preset, "FP", "--video", "frames", "--out", "a.npz")


def test_a_late_failure_is_one_line(refused, preset, clip, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_magvit.io.write_video", fail)
    given = ("--video", "clip.npz", "--labels", 2)  # both would be noted
    assert "No space left" in refused("generate", preset, "UNC", *given, "--out", "a/")


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_preset(refused, clip, command):
    err = refused(*COMMANDS[command]("k600_fq", "clip.npz"))
    assert "'k600_fq': There is no preset" in err and "'k600_fp'" in err


GENERATE = [
    (("XX",), "TASK must be one of ['frame_prediction', "),
    (("FP",), "pass --video"),
    (("CG",), "pass --labels"),
    (("CG", "--labels", 5), "--labels must lie in [0, 5)"),
    (("UNC", "--mask", "m.png"), "pass --video"),
    (("IPC", "--video", "clip.npz", "--mask", "m.png"), "'m.png'"),
    (("IPC", "--video", "clip.npz", "--mask", "clip.npz"), "must be a .png"),
    (("IPC", "--video", "clip.npz", "--mask", "float.npy"), "bool array"),
    (("IPC", "--video", "clip.npz", "--mask", "object.npy"), "plain numbers"),
    (("IPC", "--video", "clip.npz", "--mask", "vast.npy"), "plain numbers"),
    (("IPC", "--video", "clip.npz", "--mask", "small.npy"), "--mask must fit"),
    (("CFP", "--video", "clip.npz", "--labels", 1, 2), "one label for each of 1"),
    (
        ("FP", "--video", "clip.npz", "--steps", 0),
        "--steps must be an int in [1, 65536]",
    ),
    (("UNC", "--schedule", "no"), "--schedule must be one of ['cosine'"),
    (("UNC", "--choice-temperature", -1), "--choice-temperature must be a number >= 0"),
    (("UNC", "--top-p", 1.5), "--top-p must be <= 1"),
    (("UNC", "--top-p", "x"), "invalid float value: 'x' (see: keras-magvit generate"),
    (("UNC", "--seed", -1), "argument --seed: '-1' is not an int >= 0"),
    (("UNC", "--num-samples", 0), "'0' is not an int >= 1"),
    (("UNC", "--dtype", "int8"), "argument --dtype: invalid choice: 'int8'"),
    (("UNC", "--backend", "numpy"), "argument --backend: invalid choice: 'numpy'"),
]


@pytest.mark.parametrize("words, line", GENERATE)
def test_arguments(refused, preset, clip, words, line):
    np.save("float.npy", np.zeros((16, 16)))
    np.save("small.npy", np.zeros((8, 8), bool))
    np.save("object.npy", np.array([{}], object))
    with open("vast.npy", "wb") as file:
        header = {"descr": "|b1", "fortran_order": False, "shape": (10**30,)}
        np.lib.format.write_array_header_1_0(file, header)
    assert line in refused("generate", preset, *words, "--out", "a.npz")


def test_no_command_and_no_arguments(refused):
    assert "the following arguments are required: COMMAND" in refused()
    assert "invalid choice: 'draw'" in refused("draw")
    assert "required: PRESET, VIDEO, --out (see: keras" in refused("reconstruct")


def _edit(change):
    def spoil(folder):
        tree = json.loads((folder / "config.json").read_text())
        change(tree)
        (folder / "config.json").write_text(json.dumps(tree))

    return spoil


def _cut_config(folder):
    path = folder / "config.json"
    path.write_bytes(path.read_bytes()[:100])


def _lambda(tree):
    tree["config"]["transformer"] = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {
            "function": {"class_name": "__lambda__", "config": {"code": "4wE="}}
        },
        "registered_name": None,
    }


class _Evil:
    def __reduce__(self):
        return Path.touch, (Path("evil"),)


def _pickle(folder):
    data = pickle.dumps(_Evil())
    (folder / "transformer" / "model.weights.h5").write_bytes(data)


def _other_weights(folder):
    weights = folder / "tokenizer" / "model.weights.h5"
    shutil.copy(weights, folder / "transformer" / "model.weights.h5")


def _escape(folder):
    weights = folder / "tokenizer" / "model.weights.h5"
    shutil.move(weights, folder.parent / "outside.h5")
    weights.symlink_to(folder.parent / "outside.h5")


def _no_weights(folder):
    (folder / "transformer" / "model.weights.h5").unlink()


PRESETS = [
    (_cut_config, "config.json is not valid JSON"),
    (_edit(_lambda), "'Lambda'"),
    (_pickle, "model.weights.h5"),
    (_other_weights, "model.weights.h5"),
    (_escape, "leads out of the preset folder"),
    (_no_weights, "is missing"),
]


@pytest.mark.parametrize("spoil, words", PRESETS)
def test_presets(refused, spoiled, clip, spoil, words):
    spoil(spoiled)
    err = refused("generate", spoiled, "FP", "--video", "clip.npz", "--out", "a.npz")
    assert words in err and str(spoiled) in err


OUTPUTS = [
    (("--out", "there.npz"), "'there.npz': the output exists; pass --overwrite"),
    (("--out", "frames/"), "'frames/': the output exists; pass --overwrite"),
    (("--out", "a.npz", "--sheet", "there.png"), "'there.png': the output exists"),
    (("--out", "no/a.npz"), "'no/a.npz': cannot write there: No such file"),
    (("--out", "there.npz/a.npz"), "cannot write there: Not a directory"),
    (("--out", "/proc/a.npz"), "'/proc/a.npz': cannot write there"),
    (("--out", "a.avi"), "cannot write the file type '.avi'; supported: .mp4 .gif"),
    (("--out", "a.npz", "--sheet", "a.jpg"), "file type '.jpg'; supported: .png"),
    (("--out", "a.npz", "--overwrite", "--sheet", "frames"), "file type ''"),
    (("--out", "a.png", "--sheet", "a.png"), "file type '.png'"),
    (("--out", "a.npz", "--sheet", "b.png", "--strip", "b.png"), "another output"),
    (("--out", "clip.npz", "--overwrite"), "is an input or another output"),
    (("--out", "frames/", "--overwrite"), "holds 'letter.txt', which is no frame"),
    (("--out", "there.npz/", "--overwrite"), "is a file, not a folder"),
    (("--out", "folder.npz", "--overwrite"), "is a folder, not a file"),
    (("--out", "a\0b.npz"), "not a path"),
    (("--out", ""), "not a path"),
    *((("--out", name), "not a path") for name in ("/", "-", ".", "a/..")),
    (("--out", "-", "--num-samples", 2), "not a path"),
    (("--out", ".mp4"), "'.mp4': the name is only a suffix"),
    (("--out", "a.npz", "--sheet", "no/.PNG"), "only a suffix"),
    (("--out", "a" * 252 + ".mp4"), "cannot write there: File name too long"),
    (("--out", "a/", "--sheet", "a/b.png"), "'a/b.png': the output lies inside"),
]


@pytest.mark.parametrize("words, line", OUTPUTS)
def test_outputs_are_checked_before_the_work(refused, clip, work, words, line):
    """The preset does not exist: had the work begun, that would be the error."""
    for name in ("there.npz", "there.png"):
        (work / name).write_text("mine")
    for name in ("frames", "folder.npz"):
        (work / name).mkdir()
    (work / "frames" / "letter.txt").write_text("mine")
    given = ("generate", "no_preset", "FP", "--video", "clip.npz")
    assert line in refused(*given, *words)


def test_no_output_inside_or_around_an_input(refused, work):
    write_video("frames", smooth(4))
    line = "the output lies inside, or around, an input"
    given = ("reconstruct", "no_preset", "frames", "--out")
    assert line in refused(*given, "frames/a.mp4")
    (work / "link").symlink_to("frames")
    assert line in refused(*given, "link/a.mp4")
    given = ("generate", "no_preset", "IPC", "--video", "clip.npz", "--overwrite")
    mask = ("--mask", "frames/frame_00000.png")
    assert line in refused(*given, *mask, "--out", "frames/")
