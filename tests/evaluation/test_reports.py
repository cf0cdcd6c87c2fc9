"""A report as files: true to the numbers, whole, and harmless."""

import csv
import dataclasses
import html.parser
import io
import json

import numpy as np
import pytest
from PIL import Image

from keras_magvit.evaluation import (
    BiasCard,
    ClassReading,
    Report,
    Score,
    TaskResult,
    save,
    sweep,
)
from keras_magvit.evaluation.page import to_html
from keras_magvit.evaluation.tables import to_csv, to_json, to_markdown
from keras_magvit.io import read_video
from tests.conftest import once

pytestmark = once
EVIL = '"><script>alert(1)</script><img src=x onerror="alert(2)">|`**'
CARD = BiasCard(8, (4, 4), 100.25, 300.0, 250.5, 290.0, 240.0)


@pytest.fixture
def report():
    """Two tasks with two repeats, and numbers that are not finite."""
    rng = np.random.default_rng(0)
    clip = rng.integers(0, 256, (2, 9, 16, 16, 3), "uint8")
    scores = {"fvd": Score.of([10.0, 14.0]), "psnr": Score.of([float("inf"), 20.0])}
    fvd = {
        **{"num_frames": 9, "real_size": (16, 16), "fake_size": (16, 16)},
        **{"resize": "tf1 bilinear to 224x224", "weights": "w", "dtype": "float32"},
        "weights_sha256": "ab" * 32,
    }
    words = "first window, centre crop, of every video of the split 'test'"
    shown = {"real": clip, "condition": clip, "generated": clip}
    tasks = (
        TaskResult("frame_prediction", scores, 8, 16, words, fvd, CARD, shown),
        TaskResult(
            "mine",
            {"fvd": Score.of([7.0])},
            8,
            8,
            words,
            fvd,
            CARD,
            {"generated": clip},
            ClassReading(("left", EVIL), ((6, 2), (0, 0)), EVIL, "12" * 32),
        ),
    )
    run = {
        **{"model": "tiny", "weights_sha256": "cd" * 32, "parameters": 1234},
        **{"sampling": {"num_steps": 2, "top_k": 0}, "condition_frames": 1},
        **{"video_shape": (9, 16, 16), "measured_size": (16, 16), "repeats": 2},
        **{"samples_per_clip": 2, "seed": 3, "batch_size": 4, "backend": "jax"},
        **{"dtype": "float32", "date": "2026-11-25", "versions": {"keras": "3"}},
        **{"c3d_sha256": None, "classifier_sha256": "12" * 32},
    }
    data = {words: {"name": "clips/test", "clips": 8, "skipped": {"short": {"a": "b"}}}}
    protocol = {"name": "bair", "reference": "here"}
    missing = {"lpips": "no weights"}
    return Report(protocol, ("seed: other",), run, data, tasks, missing)


def test_json_and_csv_hold_the_numbers(report):
    loaded = json.loads(to_json(report))
    score = loaded["tasks"][0]["scores"]["fvd"]
    assert score == {"mean": 12.0, "std": 8**0.5, "repeats": [10.0, 14.0]}
    assert loaded["tasks"][0]["scores"]["psnr"]["mean"] == "inf"
    assert loaded["tasks"][0]["bias_card"]["half_against_half"] == 100.25
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    found = [(r["task"], r["metric"], float(r["mean"]), r["std"]) for r in rows]
    assert found == [
        ("frame_prediction", "fvd", 12.0, str(8**0.5)),
        ("frame_prediction", "psnr", float("inf"), "nan"),
        ("mine", "fvd", 7.0, ""),
    ]
    assert {r["protocol"] for r in rows} == {"bair (modified)"}
    assert {(r["num_real"], r["seed"]) for r in rows} == {("8", "3")}


@pytest.mark.parametrize("write", [to_markdown, lambda r: to_html(r, "media")])
def test_everything_stands_beside_the_number(report, write):
    text = write(report).replace("\\", "").replace("&#x27;", "'")
    for words in (
        *("12 ± 2.828", "bair (modified)", "cd" * 32, "ab" * 32, "tf1 bilinear to 224"),
        *("I3D logits in float32", "8 clips of clips/test", "1 videos skipped"),
        *("2 of each condition, 2 repeat(s)", "num_steps 2", "9 frames of 16x16"),
        *("3, batches of 4", "jax, float32", "seed: other", "no weights"),
        *("4 against 4 others", "100.25", "300.00", "250.50", "290.00", "240.00"),
    ):
        assert words in text, words
    assert "top_k" not in text  # it is off


class Tags(html.parser.HTMLParser):
    """Collects tags with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, attributes))


def _evil(report):
    task = dataclasses.replace(
        report.tasks[0], task=EVIL, real=EVIL, scores={EVIL: Score.of([1.0])}
    )
    run = {**report.run, "model": EVIL}
    data = {EVIL: {"name": EVIL, "clips": 1, "skipped": {}}}
    protocol = {"name": EVIL, "reference": EVIL}
    return Report(protocol, (EVIL,), run, data, (task,), {EVIL: EVIL})


def test_strings_of_strangers_are_harmless(report, tmp_path):
    evil = _evil(report)
    page = to_html(evil, "media")
    tags = Tags(page).found
    assert not any(tag in ("script", "iframe", "object") for tag, _ in tags)
    assert not any(name.startswith("on") for _, found in tags for name, _ in found)
    images = [dict(found)["src"] for tag, found in tags if tag == "img"]
    assert len(images) == 6 and all(i.startswith("media/") for i in images)
    assert page.count("&lt;script&gt;") >= 7
    policy = next(dict(f) for t, f in tags if t == "meta" and "http-equiv" in dict(f))
    assert policy["content"].startswith("default-src 'none'")
    assert "<script>" not in to_markdown(evil).replace("\\<", "")
    cells = [cell for row in csv.reader(io.StringIO(to_csv(evil))) for cell in row]
    assert EVIL in cells
    paths = save(evil, tmp_path / "report")
    for image in images:
        assert (tmp_path / "report" / image).is_file()
    assert len(paths) == 4


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(report, start):
    report = dataclasses.replace(report, run={**report.run, "model": f"{start}cmd|x"})
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert {row["model"] for row in rows} == {f"'{start}cmd|x"}


def test_names_that_are_no_text(report, tmp_path):
    report = dataclasses.replace(report, run={**report.run, "model": "a\udcffb"})
    save(report, tmp_path / "report")
    for name in ("report.html", "report.md", "report.csv", "report.json"):
        assert "udcffb" in (tmp_path / "report" / name).read_text(encoding="utf-8")


def test_clips_of_the_page(report, tmp_path):
    save(report, tmp_path / "report")
    media = tmp_path / "report" / "media"
    shown = report.tasks[0].shown["generated"]
    for place in range(2):
        clip = read_video(media / f"frame_prediction_{place}_generated.gif")
        assert clip.frames.shape == shown[place].shape
        difference = np.abs(clip.frames.astype(int) - shown[place])
        assert difference.mean() < 8  # a palette of 256 colours for random pixels
    names = sorted(path.name for path in media.iterdir())
    assert "frame_prediction.png" in names and "mine_1_generated.gif" in names
    assert "mine_0_real.gif" not in names
    page = (tmp_path / "report" / "report.html").read_text()
    assert all(f'src="media/{name}"' in page for name in names if name.endswith("gif"))


def test_classes_that_were_read(report, tmp_path):
    save(report, tmp_path / "report")
    loaded = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [task["classes"] is None for task in loaded["tasks"]] == [True, False]
    assert loaded["tasks"][1]["classes"]["counts"] == [[6, 2], [0, 0]]
    picture = Image.open(tmp_path / "report" / "media" / "mine_classes.png")
    colours = picture.convert("RGB").getcolors(1 << 16)
    shares = {colour for _, colour in colours}
    assert (80, 140, 187) in shares and (196, 216, 232) in shares  # 6 and 2 of 8
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count('src="media/mine_classes.png"') == 1


def test_reports_by_steps(report, tmp_path):
    other = dataclasses.replace(
        report,
        tasks=tuple(
            dataclasses.replace(t, scores={name: Score.of([5.0]) for name in t.scores})
            for t in report.tasks
        ),
    )
    place = tmp_path / "sweep"
    paths = sweep.save({1: report, 12: other}, place)
    assert len(paths) == 4 + 4 + 2
    rows = list(csv.DictReader(io.StringIO((place / "steps.csv").read_text())))
    found = [(r["task"], r["metric"], r["steps"], float(r["mean"])) for r in rows]
    assert found[:2] == [
        ("frame_prediction", "fvd", "1", 12.0),
        ("frame_prediction", "fvd", "12", 5.0),
    ]
    assert len(found) == 6
    table = (place / "steps.md").read_text()
    assert "| frame\\_prediction | fvd | 12 ± 2.828 | 5 |" in table
    assert (place / "steps_12" / "report.html").is_file()
    with pytest.raises(ValueError, match="pass --overwrite"):
        sweep.save({1: report, 12: other}, place)
    sweep.save({1: report, 12: other}, place, overwrite=True)
    (place / "thesis.tex").write_text("x")
    with pytest.raises(ValueError, match="which is no report's"):
        sweep.save({1: report, 12: other}, place, overwrite=True)


def test_a_report_is_replaced_only_when_asked(report, tmp_path):
    place = tmp_path / "report"
    save(report, place)
    before = (place / "report.json").read_text()
    with pytest.raises(ValueError, match="holds a report; pass --overwrite"):
        save(report, place)
    other = dataclasses.replace(report, deviations=())
    save(other, place, overwrite=True)
    assert (place / "report.json").read_text() != before
    assert sorted(path.name for path in place.iterdir()) == [
        *("media", "report.csv", "report.html", "report.json", "report.md"),
    ]


def test_nothing_of_the_users_is_touched(report, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    with pytest.raises(ValueError, match=r"holds 'chapter.tex', which is no report's"):
        save(report, tmp_path / "thesis", overwrite=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="a file, not a folder"):
        save(report, tmp_path / "file", overwrite=True)
    with pytest.raises(ValueError, match="does not exist"):
        save(report, tmp_path / "no" / "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "thesis"]


def test_a_failure_leaves_no_half_report(report, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_magvit.evaluation.page.contact_sheet", fail)
    with pytest.raises(ValueError, match="No space left on device"):
        save(report, tmp_path / "report")
    assert list((tmp_path / "report").iterdir()) == []
