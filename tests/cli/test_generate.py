"""generate gives what `MAGVIT.generate` gives."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_magvit.io import read_video, write_video
from tests.cli.conftest import smooth


def _frames(path):
    return read_video(path).frames


def _rounded(video):
    return np.rint(video * 255).astype("uint8")


def test_frame_prediction_with_pictures(run, preset, clip, shared_model):
    out, err = run(
        *("generate", preset, "FP", "--video", "clip.npz", "--out", "a.npz"),
        *("--sheet", "sheet.png", "--strip", "strip.png", "--seed", 3),
    )
    made = shared_model.generate("frame_prediction", clip[None, :4], seed=3)
    np.testing.assert_array_equal(_frames("a.npz"), _rounded(made[0]))
    assert read_video("a.npz").frame_rate == 12.5
    assert (out, err) == ("wrote a.npz\nwrote sheet.png\nwrote strip.png\n", "")
    with Image.open("sheet.png") as sheet, Image.open("strip.png") as strip:
        # Three rows each: input, condition, result; and the preset's three steps.
        assert sheet.height == strip.height == 3 * 132 + 40
        wide = 4 * 132
        assert sheet.width > wide and strip.width > wide
        # The condition's last frame is the input's first.
        cells = np.asarray(sheet)
        first, last = cells.shape[1] - 12 - 4 * 132 + 4, cells.shape[1] - 12 - 128
        given = cells[32:160, first : first + 128]
        np.testing.assert_array_equal(cells[164:292, last : last + 128], given)


def test_sampling_options_reach_the_model(run, preset, clip, shared_model):
    run(
        *("generate", preset, "central_inpainting", "--video", "clip.npz"),
        *("--out", "a.npz", "--steps", 2, "--schedule", "uniform"),
        *("--choice-temperature", 1.5, "--sampling-temperature", 0.7),
        *("--top-k", 5, "--top-p", 0.9, "--guidance-scale", 0.5, "--keep-condition"),
    )
    made = shared_model.generate(
        "central_inpainting",
        clip[None, :4],
        num_steps=2,
        schedule="uniform",
        choice_temperature=1.5,
        sampling_temperature=0.7,
        top_k=5,
        top_p=0.9,
        guidance_scale=0.5,
        keep_condition=True,
    )
    np.testing.assert_array_equal(_frames("a.npz"), _rounded(made[0]))
    np.testing.assert_array_equal(_frames("a.npz")[:, :4], clip[:4, :4])


def test_several_results_are_numbered(run, preset, shared_model):
    labels = ("--labels", 1, 4, "--num-samples", 2)
    out, _ = run("generate", preset, "CG", *labels, "--out", "a.npz")
    made = shared_model.generate("CG", labels=[1, 4], num_samples=2)
    names = [f"a_{i}.npz" for i in range(4)]
    assert out == "".join(f"wrote {name}\n" for name in names)
    for name, video in zip(names, made, strict=True):
        np.testing.assert_array_equal(_frames(name), _rounded(video))
    assert sorted(p.name for p in Path(".").iterdir()) == names


def test_same_seed_same_bytes(run, preset, clip):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(
            *("generate", preset, "OPV", "--video", "clip.npz", "--seed", seed),
            *("--out", f"{name}.gif", "--sheet", f"{name}.png"),
        )
    for suffix in ("gif", "png"):
        a, b, c = (Path(f"{name}.{suffix}").read_bytes() for name in "abc")
        assert a == b != c


@pytest.mark.parametrize("suffix", ["png", "npy"])
def test_mask(run, preset, clip, shared_model, suffix):
    mask = np.zeros((16, 16), bool)
    mask[:, :4] = True
    if suffix == "png":  # of another size: each pixel stands for two
        Image.fromarray(mask[::2, ::2]).save("mask.png")
    else:
        np.save("mask.npy", mask)
    video = ("--video", "clip.npz", "--mask", f"mask.{suffix}")
    run("generate", preset, "IPC", *video, "--out", "a.npz")
    made = shared_model.generate("IPC", clip[None, :4], mask=mask)
    np.testing.assert_array_equal(_frames("a.npz"), _rounded(made[0]))


def test_a_short_clip_is_the_given_frames(run, preset, shared_model):
    write_video("two.gif", smooth(2))
    video = ("--video", "two.gif")
    _, err = run("generate", preset, "FI", *video, "--out", "a.npz")
    assert err == (
        "note: two.gif has 2 frames, fewer than the preset's 4: they are taken as the "
        "given frames\n"
    )
    made = shared_model.generate("FI", _frames("two.gif")[None])
    np.testing.assert_array_equal(_frames("a.npz"), _rounded(made[0]))


def test_what_a_task_does_not_read_is_noted(run, preset, clip, shared_model):
    given = ("--video", "clip.npz", "--labels", 2)
    _, err = run("generate", preset, "UNC", *given, "--out", "frames/")
    assert err == (
        "note: task 'unconditional_generation' does not read --video\n"
        "note: task 'unconditional_generation' does not read --labels\n"
    )
    made = shared_model.generate("UNC")
    np.testing.assert_array_equal(_frames("frames"), _rounded(made[0]))


def test_an_untrained_preset_says_so_once(run, preset):
    _, err = run("generate", "k600_fp", "CG", "--labels", 0, "--out", "a.gif")
    assert err.startswith("note: preset 'k600_fp' is untrained: no public weights")
    assert err.count("\n") == 1
    run("generate", "k600_fp", "CG", "--labels", 0, "--out", "b.gif", "--quiet")


def test_a_real_preset_folder(run, saved, clip, shared_model):
    run("generate", saved, "FP", "--video", "clip.npz", "--out", "a.npz")
    made = shared_model.generate("FP", clip[None, :4])
    np.testing.assert_array_equal(_frames("a.npz"), _rounded(made[0]))
    ids = ("--out", "t.npz", "--dtype", "mixed_bfloat16")
    run("tokenize", saved, "clip.npz", *ids)
    run("detokenize", saved, "t.npz", "--out", "b.webp")


def test_progress_on_a_terminal(run, preset, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    _, err = run("generate", preset, "UNC", "--out", "a.npz")
    assert "generate [........................] 0/" in err
    assert "generate [########................] 1/3" in err
    assert err.endswith("3/3\r\x1b[K")
    quiet = run("generate", preset, "UNC", "--out", "b.npz", "--quiet")
    assert quiet == ("", "")


def test_presets(run):
    out, err = run("presets")
    assert "k600_fp" in out and "FP" in out and err == ""
