"""What is wrong with a folder is said by name."""

import json

import pytest

from keras_magvit.data.layouts import kinetics, nuscenes, objectron, ssv2
from keras_magvit.io import VideoFileError
from tests.data.builders.archives import write_text


def _touch(root, *paths):
    for path in paths:
        write_text(root / path, "")


@pytest.mark.parametrize(
    "layout, there, missing",
    [
        (kinetics, ["train/a_0123456-x_1.mp4"], "val/, annotations/train.csv"),
        (ssv2, ["labels/train.json"], "labels/labels.json, labels/validation.json"),
        (ssv2, [], "20bn-something-something-v2/"),
        (objectron, ["videos/cup/batch-1/2/video.MOV"], "index/cup_annotations_train"),
        (objectron, ["index/cup_annotations_train"], "videos/bike/ and others"),
        (nuscenes, ["v1.0-trainval/scene.json"], "v1.0-trainval/sample.json"),
        (nuscenes, [], "samples/CAM_FRONT/"),
    ],
)
def test_missing_files_are_named(tmp_path, layout, there, missing):
    _touch(tmp_path, *there)
    with pytest.raises(VideoFileError, match="https://") as caught:
        layout.list_videos(str(tmp_path))
    assert missing in caught.value.message


def _kinetics(root, table):
    write_text(root / "annotations" / "train.csv", table)
    write_text(root / "annotations" / "val.csv", "yoga,v0123456789,1,11,val\n")
    _touch(root, "train/t0123456789_000001_000011.mp4", "val/yoga/v0123456789.mp4")


def test_kinetics_tables_without_a_first_line(tmp_path):
    _kinetics(tmp_path, "dancing ballet,t0123456789,1,11,train\n")
    listing = kinetics.list_videos(str(tmp_path))
    (video,) = listing.splits["train"]
    assert video.label == "dancing ballet"
    assert listing.splits["validation"][0].files == ("val/yoga/v0123456789.mp4",)
    assert listing.class_names == ("dancing ballet", "yoga")


def test_kinetics_folders_of_classes_need_no_tables(tmp_path):
    _touch(tmp_path, "train/yoga/t0123456789_000001_000011.mp4")
    _touch(tmp_path, "val/air drumming/v0123456789_000001_000011.mp4")
    listing = kinetics.list_videos(str(tmp_path))
    assert listing.splits["train"][0].label == "yoga"
    assert listing.class_names == ("air drumming", "yoga")


@pytest.mark.parametrize(
    "table, why",
    [
        ("label\nyoga\n", "must have the columns"),
        ("youtube_id,label\nt0123456789\n", "must have the columns"),
        ("label,youtube_id\nyoga,x0123456789\n", "None of the 1 videos"),
        ("", "None of the 0 videos"),
    ],
)
def test_kinetics_tables_that_do_not_fit(tmp_path, table, why):
    _kinetics(tmp_path, table)
    with pytest.raises(VideoFileError, match=why):
        kinetics.list_videos(str(tmp_path))


def _ssv2(root, labels, rows):
    for name, value in (("labels", labels), ("train", rows), ("validation", rows)):
        write_text(root / f"something-something-v2-{name}.json", value)
    _touch(root, "20bn-something-something-v2/1.webm")


def test_ssv2_by_its_earlier_names(tmp_path):
    rows = [{"id": "1", "template": "Moving [something] up"}, {"id": "2"}]
    rows[1]["template"] = "Moving [something] up"
    _ssv2(tmp_path, {"Poking": "1", "Moving something up": "0"}, rows)
    listing = ssv2.list_videos(str(tmp_path))
    assert listing.class_names == ("Moving something up", "Poking")
    assert [v.key for v in listing.splits["train"]] == ["1"]
    assert set(listing.absent) == {"2"}


@pytest.mark.parametrize(
    "labels, rows, why",
    [
        ({"a": "0"}, [{"id": "1", "template": "b"}], "is no class"),
        ({"a": "0"}, [{"id": "../1", "template": "a"}], "name the file '../1'"),
        ({"a": "0"}, [{"template": "a"}], "'id' and 'template'"),
        ({"a": "0"}, [{"id": "3", "template": "a"}], "None of the videos"),
        ({"a": "1"}, [], "numbers from 0"),
        ([], [], "numbers from 0"),
        ("{", [], "not JSON"),
    ],
)
def test_ssv2_tables_that_do_not_fit(tmp_path, labels, rows, why):
    _ssv2(tmp_path, labels, rows)
    with pytest.raises(VideoFileError, match=why):
        ssv2.list_videos(str(tmp_path))


@pytest.mark.parametrize("line", ["../../etc/passwd", "bike/38", "/bike/batch-1"])
def test_objectron_lines_stay_below_videos(tmp_path, line):
    _touch(tmp_path, "videos/bike/batch-1/2/video.MOV", "index/bike_annotations_test")
    write_text(tmp_path / "index" / "bike_annotations_train", f"{line}\n")
    with pytest.raises(VideoFileError, match="class/batch-i/j|name the file"):
        objectron.list_videos(str(tmp_path))


def _nuscenes(root, **tables):
    _touch(root, "samples/CAM_FRONT/a.jpg", "sweeps/CAM_FRONT/b.jpg")
    for name in ("scene", "sample", "sample_data", "calibrated_sensor", "sensor"):
        write_text(root / "v1.0-trainval" / f"{name}.json", tables.get(name, []))


@pytest.mark.parametrize(
    "tables, why",
    [
        ({}, "No scene has 32 frames"),
        ({"scene": {}}, "not a JSON list"),
        ({"scene": '[{"token": 1, "name": '}, "cut or damaged"),
        ({"scene": "["}, "cut or damaged"),
        ({"scene": [{"token": "1"}]}, "'name' is missing"),
    ],
)
def test_nuscenes_tables_that_do_not_fit(tmp_path, tables, why):
    _nuscenes(tmp_path, **tables)
    with pytest.raises(VideoFileError, match=why):
        nuscenes.list_videos(str(tmp_path))


def test_nuscenes_tables_are_read_in_chunks(tmp_path, monkeypatch):
    rows = [
        {"token": f"{i}", "text": "]},{[" * (i % 7), "more": [i, {}]} for i in range(99)
    ]
    for indent in (None, 0, 2):
        write_text(tmp_path / "scene.json", json.dumps(rows, indent=indent))
        for chunk in (1, 7, 64, 2**20):
            monkeypatch.setattr(nuscenes, "_CHUNK", chunk)
            assert list(nuscenes._rows(str(tmp_path), "scene")) == rows
