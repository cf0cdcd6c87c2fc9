"""evaluate writes the report of `evaluation.evaluate`, and goes on where it stopped."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.evaluation import evaluate
from keras_magvit.metrics import I3D
from keras_magvit.networks import WeightsError
from tests.evaluation.conftest import Projection
from tests.evaluation.conftest import model as long_model  # noqa: F401

PROTOCOL = ("--protocol", "simulated_pushing", "--num-videos", 8, "--batch-size", 4)
QUICK = ("--perceptual", "none", "--no-bias-card", "--tasks", "FP")


@pytest.fixture
def network(monkeypatch):
    """A stand-in where the command looks for the weights of I3D."""
    found = Projection()
    monkeypatch.setattr(I3D, "from_weights", lambda path=None, **kwargs: found)
    return found


@pytest.fixture(scope="session")
def long_preset(long_model, tmp_path_factory):  # noqa: F811
    path = tmp_path_factory.mktemp("evaluate") / "tiny"
    long_model.save_to_preset(path)
    return str(path)


@pytest.fixture
def command(run, long_preset, network):
    """Evaluates the tiny preset on moving shapes."""

    def call(*more, out="report", preset=long_preset):
        words = ("evaluate", "--preset", preset, *PROTOCOL, "--out", out)
        return run(*words, "--dataset", "moving_shapes", *more)

    return call


def _no_lpips(*args, **kwargs):
    raise WeightsError("vgg16.pth is not here. Received: nothing")


def test_report(command, network, long_preset, long_model, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("keras_magvit.metrics.LPIPS", _no_lpips)
    out, err = command("--tasks", "FP", "IPC", "reconstruction", "--seed", 3)
    report = json.loads(Path("report/report.json").read_text())
    expected = evaluate(
        long_model,
        "simulated_pushing",
        tmp_path / "cache",
        "moving_shapes",
        ("FP", "IPC", "reconstruction"),
        num_videos=8,
        batch_size=4,
        seed=3,
        i3d=network,
    ).as_dict()
    for found, wanted in zip(report["tasks"], expected["tasks"], strict=True):
        assert found["task"] == wanted["task"]
        assert found["bias_card"] == wanted["bias_card"]
        for name, score in wanted["scores"].items():
            assert found["scores"][name]["mean"] == pytest.approx(score["mean"], 1e-4)
    assert report["run"]["model"] == long_preset
    assert (
        "dataset: moving_shapes (protocol: simulated_pushing)" in report["deviations"]
    )
    assert "vgg16.pth is not here" in report["not_measured"]["lpips"]
    assert out.startswith("frame_prediction: fvd ") and err == ""
    assert sorted(path.name for path in Path("report").iterdir()) == [
        *("cache", "media", "report.csv", "report.html", "report.json", "report.md"),
    ]
    assert "## Bias card" in Path("report/report.md").read_text()


def test_goes_on_where_it_stopped(command, network, run, refused, long_preset):
    command(*QUICK, out="whole")
    calls = network.num_calls
    shutil.copytree("whole", "part")
    for name in ("report.json", "report.html"):
        Path("part", name).unlink()
    done = list(Path("part/cache").glob("*/frame_prediction-*.npz"))
    assert len(done) == 1
    command(*QUICK, out="part")
    assert network.num_calls == calls
    whole, part = (Path(p, "report.json").read_text() for p in ("whole", "part"))
    assert whole == part
    # A finished report is not replaced unasked; what it measured is used again.
    words = ("evaluate", "--preset", long_preset, *PROTOCOL, *QUICK)
    given = (*words, "--dataset", "moving_shapes", "--out", "part")
    assert "pass --overwrite" in refused(*given)
    run(*given, "--overwrite")
    assert network.num_calls == calls


def test_several_numbers_of_steps(command, network):
    out, _ = command(*QUICK, "--steps", 1, 2)
    assert sorted(path.name for path in Path("report").iterdir()) == [
        *("cache", "steps.csv", "steps.md", "steps_1", "steps_2"),
    ]
    for steps in (1, 2):
        text = Path(f"report/steps_{steps}/report.json").read_text()
        assert json.loads(text)["run"]["sampling"]["num_steps"] == steps
        assert f"frame_prediction, {steps} step" in out
    heading = Path("report/steps.md").read_text().splitlines()[2]
    assert heading == "| task | metric | 1 step | 2 steps |"
    calls = network.num_calls
    command(*QUICK, "--steps", 1, 2, "--overwrite")
    assert network.num_calls == calls


def test_a_tokenizer_is_measured_by_its_reconstructions(command, long_model, tmp_path):  # noqa: F811
    long_model.tokenizer.save_to_preset(tmp_path / "tokenizer")
    quick = ("--perceptual", "none", "--no-bias-card")
    command(*quick, preset=tmp_path / "tokenizer")
    report = json.loads(Path("report/report.json").read_text())
    assert [task["task"] for task in report["tasks"]] == ["reconstruction"]


def test_names_of_files_are_harmless(command, tmp_path, long_model):  # noqa: F811
    evil = tmp_path / '"><script>alert(1)<!--'
    long_model.save_to_preset(evil)
    videos = tmp_path / "<img src=x onerror=alert(2)>"
    videos.mkdir()
    for index in range(8):
        frames = np.random.default_rng(index).integers(0, 256, (12, 16, 16, 3), "uint8")
        km.io.write_video(videos / f"{index}.npz", frames)
    command(*QUICK, "--dataset", videos, preset=evil)
    page = Path("report/report.html").read_text()
    assert "<script" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page and "&lt;img src=x" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--protocol", "x"), "--protocol must be one of ['bair', "),
        (("--tasks", "XX"), "--tasks must be one of"),
        (("--dataset", "nowhere"), "A dataset must be one of"),
        (("--steps", 0), "--steps must be an int"),
        (("--schedule", "x"), "--schedule"),
        (("--num-videos", 1), "not an int >= 2"),
        (("--preset", "nothing"), "There is no preset"),
        (("--out", "no/such/place"), "does not exist"),
        (("--out", "thesis"), "which is no report's"),
    ],
)
def test_refusals(refused, long_preset, network, work, words, message):
    (work / "thesis").mkdir()
    (work / "thesis" / "chapter.tex").write_text("x")
    given = ("evaluate", "--preset", long_preset, *PROTOCOL, "--out", "report")
    given = (*given, "--dataset", "moving_shapes", "--perceptual", "none", *words)
    assert message in refused(*given)


def test_missing_weights_name_the_three_ways(
    refused, long_preset, monkeypatch, tmp_path
):
    monkeypatch.setenv("KERAS_MAGVIT_WEIGHTS", str(tmp_path))
    given = ("evaluate", "--preset", long_preset, *PROTOCOL, "--out", "report")
    assert "Three ways to get them" in refused(*given)


def test_clips_that_are_too_short(refused, saved, network):
    given = ("evaluate", "--preset", saved, *PROTOCOL, "--out", "report", *QUICK)
    err = refused(*given, "--dataset", "moving_shapes")
    assert "at least 9 frames" in err
