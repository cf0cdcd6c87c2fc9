"""tokenize, detokenize and reconstruct give what the tokenizer gives."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_magvit.cli import tokens
from keras_magvit.cli.clips import windows
from keras_magvit.io import read_video, write_video
from tests.cli.conftest import smooth


def _expected(tokenizer, frames):
    """Ids of every window, and the video they decode to, rounded to 8 bits."""
    filled = np.concatenate([frames, np.repeat(frames[-1:], 2, axis=0)])
    ids = keras.ops.convert_to_numpy(tokenizer.encode(filled.reshape(3, 4, 16, 16, 3)))
    video = keras.ops.convert_to_numpy(tokenizer.decode(ids)).clip(0, 1)
    return ids, video.reshape(12, 16, 16, 3)[:10]


def test_tokenize(run, preset, clip, shared_tokenizer, shared_model):
    out, err = run("tokenize", preset, "clip.npz", "--out", "tokens.npz")
    assert (out, err) == ("wrote tokens.npz\n", "")
    ids, _ = _expected(shared_model.tokenizer, clip)
    read = tokens.read("tokens.npz")
    np.testing.assert_array_equal(read.ids, ids)
    assert read.ids.dtype == np.int32
    assert read[1:] == (10, 12.5, (4, 16, 16), 32, preset)
    first = Path("tokens.npz").read_bytes()
    run("tokenize", preset, "clip.npz", "--out", "tokens.npz", "--overwrite")
    assert Path("tokens.npz").read_bytes() == first


def test_detokenize(run, preset, clip, shared_model):
    run("tokenize", preset, "clip.npz", "--out", "tokens.npz")
    run("detokenize", preset, "tokens.npz", "--out", "again.npz")
    again = read_video("again.npz")
    _, video = _expected(shared_model.tokenizer, clip)
    np.testing.assert_array_equal(again.frames, np.rint(video * 255).astype("uint8"))
    assert again.frame_rate == 12.5


def test_reconstruct(run, preset, clip, shared_model):
    sheet = ("--sheet", "sheet.png")
    out, err = run("reconstruct", preset, "clip.npz", "--out", "again.npz", *sheet)
    _, video = _expected(shared_model.tokenizer, clip)
    again = read_video("again.npz")
    np.testing.assert_array_equal(again.frames, np.rint(video * 255).astype("uint8"))
    psnr = -10 * np.log10(np.mean((clip / 255 - video) ** 2))
    said = re.match(r"PSNR (\S+) dB over 10 frames\n", out)
    assert float(said[1]) == pytest.approx(psnr, abs=0.006)
    assert out.endswith("wrote again.npz\nwrote sheet.png\n") and err == ""
    assert Path("sheet.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in Path(".").iterdir()) == [
        *("again.npz", "clip.npz", "sheet.png")
    ]


def test_size_and_choice_of_frames(run, preset, shared_model):
    frames = smooth(20, 24, 40)
    write_video("wide.npz", frames, 10)
    chosen = ("--start", 3, "--stride", 2)
    _, err = run("tokenize", preset, "wide.npz", "--out", "t.npz", *chosen)
    assert err == (
        "note: wide.npz is 40x24; its centre is cropped and resized to the preset's "
        "16x16\n"
    )
    clip = read_video("wide.npz", start=3, stride=2, size=(16, 16))
    ids = shared_model.tokenizer.encode(windows(clip.frames, 4))
    read = tokens.read("t.npz")
    np.testing.assert_array_equal(read.ids, keras.ops.convert_to_numpy(ids))
    assert (read.num_frames, read.frame_rate) == (9, 5.0)
    quiet = run("tokenize", preset, "wide.npz", "--out", "q.npz", "--quiet")
    assert quiet == ("", "")


def test_windows():
    frames = np.arange(5 * 3).reshape(5, 1, 1, 3)
    cut = windows(frames, 2)
    assert cut.shape == (3, 2, 1, 1, 3)
    np.testing.assert_array_equal(cut[2, 1], frames[4])
    assert windows(frames[:4], 2).shape == (2, 2, 1, 1, 3)


def test_another_name_is_noted(run, preset, clip):
    run("tokenize", preset, "clip.npz", "--out", "tokens.npz")
    written = tokens.read("tokens.npz")._replace(preset="elsewhere")
    tokens.write("other.npz", written)
    _, err = run("detokenize", preset, "other.npz", "--out", "a.npz")
    assert err == "note: the tokens were made by the preset 'elsewhere'\n"


@pytest.mark.parametrize(
    "change, word",
    [
        ({"codebook_size": 33}, "another tokenizer"),
        ({"video_shape": (8, 16, 16)}, "another tokenizer"),
        ({"num_frames": 99}, "99 frames"),
        ({"num_frames": 0}, "0 frames"),
        ({"frame_rate": -1.0}, "-1.0 a second"),
        ({"frame_rate": float("nan")}, "nan a second"),
        ({"ids": np.full((1, 2, 4, 4), 32, "int32"), "num_frames": 4}, "[0, 32)"),
        ({"ids": np.zeros((1, 2, 4, 5), "int32"), "num_frames": 4}, "another tok"),
        ({"ids": np.zeros((1, 2, 4, 4), "float32")}, "not a token file"),
        ({"ids": np.array([{}], object)}, "not a token file"),
    ],
)
def test_token_files_that_do_not_fit(refused, preset, shared_model, change, word):
    good = tokens.Tokens(
        np.zeros((2, 2, 4, 4), "int32"), 8, 10.0, (4, 16, 16), 32, preset
    )
    tokens.write("bad.npz", good._replace(**change))
    assert word in refused("detokenize", preset, "bad.npz", "--out", "a.npz")


def test_files_that_are_no_tokens(refused, preset, work):
    (work / "empty.npz").write_bytes(b"")
    (work / "text.npz").write_text("ids = 1, 2, 3")
    write_video("video.npz", smooth())
    for name in ("empty.npz", "text.npz", "video.npz"):
        err = refused("detokenize", preset, name, "--out", "a.npz")
        assert f"'{name}': not a token file" in err
    assert "No such file" in refused("detokenize", preset, "no.npz", "--out", "a.npz")


def test_a_preset_name_of_no_characters(refused, preset, clip, run):
    run("tokenize", preset, "clip.npz", "--out", "tokens.npz")
    with np.load("tokens.npz") as file:
        arrays = dict(file)
    arrays["preset"] = np.frombuffer(b"\xff\xff\xff\xff", "<U1").reshape(())
    np.savez_compressed("bad.npz", **arrays)
    assert "not a token file" in refused("detokenize", preset, "bad.npz", "--out", "a/")


@pytest.mark.parametrize("order", "<>")
def test_a_preset_name_keeps_its_characters(work, order):
    ids = np.zeros((1, 2, 2, 2), np.int32)
    told = tokens.Tokens(ids, 4, 8.0, (4, 16, 16), 32, "clé \U0001f3a5 \udcff")
    tokens.write("t.npz", told._replace(preset=np.array(told.preset, f"{order}U9")))
    assert tokens.read("t.npz").preset == told.preset
