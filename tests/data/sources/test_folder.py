"""Folders of videos: layouts, classes, links, and what is told of the rest."""

import os

import numpy as np
import pytest

from keras_magvit.data import UNLABELLED, VideoFolder, open_source
from keras_magvit.io import VideoFileError, read_video, write_video
from tests.data.videos import numbered_frames, write_numbered


def keys(source):
    return [source.key(i) for i in range(len(source))]


@pytest.fixture
def classes(tmp_path):
    root = tmp_path / "videos"
    for i, name in enumerate(("dog/b.mp4", "cat/a.gif", "cat/deep/er/c.npz")):
        write_numbered(root / name, 9 + i, seed=i)
    (root / "cat" / "notes.txt").write_text("not a video")
    (root / "empty").mkdir()
    (root / ".hidden").mkdir()
    write_numbered(root / ".hidden" / "a.mp4")
    return root


def test_sub_folders_are_classes(classes):
    source = VideoFolder(classes)
    assert keys(source) == ["cat/a.gif", "cat/deep/er/c.npz", "dog/b.mp4"]
    assert source.class_names == ("cat", "dog")
    assert [source.label(i) for i in range(3)] == [0, 0, 1]
    assert source.problems == {}
    info = source.info(1)
    assert (info.num_frames, info.height, info.width, info.frame_rate) == (
        11,
        24,
        32,
        8,
    )
    whole = read_video(classes / "dog" / "b.mp4").frames
    assert np.array_equal(source.frames(2, [0, 3, 8]), whole[[0, 3, 8]])


def test_flat_and_unlabelled(classes, tmp_path):
    assert VideoFolder(classes, labels=False).class_names == ()
    for name in ("2.mp4", "10.mp4", "1.mp4"):
        write_numbered(tmp_path / "flat" / name, 3)
    source = VideoFolder(tmp_path / "flat")
    assert keys(source) == ["1.mp4", "10.mp4", "2.mp4"]
    assert source.class_names == () and source.label(0) == UNLABELLED


def test_given_classes(classes):
    source = VideoFolder(classes, class_names=("dog", "bird"))
    assert [source.label(i) for i in range(3)] == [UNLABELLED, UNLABELLED, 0]


def test_a_folder_of_frames_is_a_video(tmp_path):
    frames = numbered_frames(5)
    (tmp_path / "walk").mkdir()
    write_video(f"{tmp_path}/walk/one/", frames, 8)
    source = VideoFolder(tmp_path)
    assert keys(source) == ["walk/one"] and source.class_names == ("walk",)
    assert np.array_equal(source.frames(0, [1, 4]), frames[[1, 4]])


def test_splits_share_their_classes(tmp_path):
    for name in ("train/b/1.mp4", "train/a/1.mp4", "val/b/2.mp4"):
        write_numbered(tmp_path / name, 3)
    source = open_source(tmp_path, "validation")
    assert keys(source) == ["b/2.mp4"] and source.label(0) == 1
    assert open_source(tmp_path).class_names == source.class_names == ("a", "b")
    with pytest.raises(ValueError, match=r"splits \['train', 'validation'\].*'test'"):
        open_source(tmp_path, "test")
    with pytest.raises(ValueError, match=r"splits \['train'\].*split='test'"):
        open_source(tmp_path / "train", "test")


def test_links(tmp_path):
    outside = write_numbered(tmp_path / "outside" / "x.mp4", 3)
    root = tmp_path / "root"
    inside = write_numbered(root / "a" / "1.mp4", 3)
    (root / "a" / "2.mp4").symlink_to(inside)
    (root / "a" / "3.mp4").symlink_to(outside)
    (root / "b").symlink_to(outside.parent)
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "nowhere.mp4").symlink_to(root / "none.mp4")
    source = VideoFolder(root)
    assert keys(source) == ["a/1.mp4", "a/2.mp4"]
    assert {k: v.split(";")[0].rstrip(".") for k, v in source.problems.items()} == {
        "a/3.mp4": "The symbolic link leaves the folder",
        "b": "The symbolic link leaves the folder",
        "a/up": "The symbolic link leads back to where it lies",
        "a/nowhere.mp4": ("Cannot follow the symbolic link: No such file or directory"),
    }
    followed = VideoFolder(root, follow_links=True)
    assert keys(followed) == ["a/1.mp4", "a/2.mp4", "a/3.mp4", "b/x.mp4"]


def test_a_video_under_another_suffix_is_told(tmp_path):
    path = write_numbered(tmp_path / "a.mp4", 3)
    os.link(path, tmp_path / "b.dat")
    os.link(write_numbered(tmp_path / "c.gif", 3), tmp_path / "d")
    assert sorted(VideoFolder(tmp_path).problems) == ["b.dat", "d"]


def test_no_videos(tmp_path):
    with pytest.raises(VideoFileError, match="holds no videos"):
        VideoFolder(tmp_path)
    with pytest.raises(VideoFileError, match="No such file"):
        VideoFolder(tmp_path / "none")


def test_fingerprints_change_with_the_content(tmp_path):
    path = write_numbered(tmp_path / "a.mp4", 5)
    write_video(f"{tmp_path}/frames/", numbered_frames(3), 8)
    source = VideoFolder(tmp_path)
    before = [source.fingerprint(i) for i in range(2)]
    assert before == [VideoFolder(tmp_path).fingerprint(i) for i in range(2)]
    write_numbered(path, 6)
    frame = sorted((tmp_path / "frames").iterdir())[0]
    os.utime(frame, ns=(1, 1))
    assert all(source.fingerprint(i) != before[i] for i in range(2))


def test_folders_inside_folders_have_an_end(tmp_path):
    deep = tmp_path.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    write_numbered(tmp_path / "d" / "d" / "a.mp4", 3)
    source = VideoFolder(tmp_path)
    assert keys(source) == ["d/d/a.mp4"]
    assert list(source.problems.values()) == ["The folder lies too deep."]
