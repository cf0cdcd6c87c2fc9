"""Lists of videos, and rows that cannot be used."""

import json

import numpy as np
import pytest

from keras_magvit.data import UNLABELLED, VideoList, open_source
from keras_magvit.io import VideoFileError, read_video
from tests.data.videos import write_numbered


@pytest.fixture
def root(tmp_path):
    for i, name in enumerate(("a.mp4", "sub/b.gif")):
        write_numbered(tmp_path / name, 16, seed=i)
    return tmp_path


def write_csv(root, *lines):
    (root / "list.csv").write_text("\n".join(lines))
    return root / "list.csv"


def rows(source):
    return [(source.key(i), source.label(i)) for i in range(len(source))]


def test_csv_and_jsonl_agree(root):
    path = write_csv(root, "path,label", "sub/b.gif,walk", "a.mp4,run")
    expected = [("sub/b.gif", 1), ("a.mp4", 0)]
    source = VideoList(path)
    assert rows(source) == expected and source.class_names == ("run", "walk")
    lines = [{"path": "sub/b.gif", "label": "walk"}, {"path": "a.mp4", "label": "run"}]
    (root / "list.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    assert rows(open_source(root / "list.jsonl")) == expected


def test_numbers_are_labels_as_they_stand(root):
    source = VideoList(write_csv(root, "label,path", "2,a.mp4", ",sub/b.gif"))
    assert rows(source) == [("a.mp4", 2), ("sub/b.gif", UNLABELLED)]
    assert source.class_names == ("0", "1", "2")


def test_parts_of_a_video(root):
    path = write_csv(
        root, "path,start,end", "a.mp4,0.5,1.25", "a.mp4,1.25,", "a.mp4,9,10"
    )
    source = VideoList(path)
    whole = read_video(root / "a.mp4").frames
    assert [source.info(i).num_frames for i in range(2)] == [6, 6]
    assert np.array_equal(source.frames(0, [0, 5]), whole[[4, 9]])
    assert np.array_equal(source.frames(1, [0, 5]), whole[[10, 15]])
    assert [source.key(i) for i in range(2)] == ["a.mp4#0.5-1.25", "a.mp4#1.25-"]
    with pytest.raises(
        VideoFileError, match="2.00 s has no frame between 9 s and 10 s"
    ):
        source.info(2)


def test_splits(root):
    path = write_csv(
        root, "path,label,split", "a.mp4,x,train", "sub/b.gif,y,validation"
    )
    source = open_source(path, "validation")
    assert rows(source) == [("sub/b.gif", 1)] and source.class_names == ("x", "y")
    with pytest.raises(ValueError, match=r"\['train', 'validation'\].*split='test'"):
        open_source(path, "test")


def test_rows_that_cannot_be_used_are_named(root):
    (root / "inner").mkdir()
    path = root / "inner" / "list.jsonl"
    lines = [
        '{"path": "../a.mp4"}',
        '{"path": "/etc/hostname.mp4"}',
        "not json",
        '["a.mp4"]',
        '{"label": "x"}',
        '{"path": "c.mp4", "start": -1}',
        '{"path": "c.mp4", "start": 2, "end": 1}',
        '{"path": "c.mp4", "label": 1.5}',
        '{"path": "c.mp4"}',
        '{"path": "c.mp4"}',
        "[" * 60_000,
    ]
    path.write_text("\n".join(lines))
    write_numbered(root / "inner" / "c.mp4", 3)
    source = VideoList(path)
    assert rows(source) == [("c.mp4", UNLABELLED)]
    told = [
        source.problems[f"list.jsonl:{n}"] for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11)
    ]
    for text, part in zip(
        told,
        (
            *("leaves the folder", "leaves the folder", "not a JSON", "not a JSON"),
            *("no path", "no number of seconds", "before it starts", "neither a name"),
            *("listed twice", "not a JSON"),
        ),
        strict=True,
    ):
        assert part in text
    assert len(source.problems) == len(told)


def test_a_link_out_of_the_folder_is_an_escape(root):
    (root / "inner").mkdir()
    (root / "inner" / "link.mp4").symlink_to(root / "a.mp4")
    (root / "inner" / "list.csv").write_text("path\nlink.mp4\n")
    with pytest.raises(VideoFileError, match="names no videos.*leaves the folder"):
        VideoList(root / "inner" / "list.csv")


def test_lists_that_are_none(root):
    with pytest.raises(VideoFileError, match="'path' among"):
        VideoList(write_csv(root, "file,label", "a.mp4,1"))
    (root / "list.csv").write_bytes(b"path\n\xff\xfe\n")
    with pytest.raises(VideoFileError, match="Cannot read the list"):
        VideoList(root / "list.csv")
    with pytest.raises(ValueError, match=r"classes \['x'\].*label='y'"):
        VideoList(write_csv(root, "path,label", "a.mp4,y"), class_names=["x"])
    with pytest.raises(ValueError, match="below 1048576"):
        VideoList(write_csv(root, "path,label", "a.mp4,99999999999"))
