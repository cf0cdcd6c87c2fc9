"""Tar shards, read in place."""

import io
import json
import tarfile

import numpy as np
import pytest

from keras_magvit.data import UNLABELLED, TarShards, open_source
from keras_magvit.io import VideoFileError, read_video
from tests.data.videos import write_numbered


def write_shard(path, members):
    with tarfile.open(path, "w") as shard:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            shard.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def clips(tmp_path):
    paths = [write_numbered(tmp_path / f"{i}.mp4", 12, seed=i) for i in range(3)]
    return [path.read_bytes() for path in paths]


def test_videos_and_labels(tmp_path, clips):
    write_shard(
        tmp_path / "web-0.tar",
        {
            "x/1.cls": b"dog\n",
            "x/1.mp4": clips[0],
            "x/2.mp4": clips[1],
            "x/2.json": json.dumps({"label": "cat", "url": "..."}).encode(),
            "x/readme.txt": b"...",
        },
    )
    write_shard(tmp_path / "web-1.tar", {"../../1.mp4": clips[2]})
    source = open_source(f"{tmp_path}/web-*.tar")
    assert [source.key(i) for i in range(3)] == [
        *("web-0.tar/x/1.mp4", "web-0.tar/x/2.mp4", "web-1.tar/../../1.mp4"),
    ]
    assert source.class_names == ("cat", "dog")
    assert [source.label(i) for i in range(3)] == [1, 0, UNLABELLED]
    for i in range(3):
        whole = read_video(tmp_path / f"{i}.mp4").frames
        assert source.info(i).num_frames == 12
        assert np.array_equal(source.frames(i, [2, 3, 11]), whole[[2, 3, 11]])
    assert source.problems == {}


def test_splits_by_the_names_of_shards(tmp_path, clips):
    write_shard(tmp_path / "train-0.tar", {"a.mp4": clips[0]})
    write_shard(tmp_path / "val-0.tar", {"b.mp4": clips[1]})
    assert open_source(f"{tmp_path}/*.tar", "validation").key(0) == "val-0.tar/b.mp4"
    with pytest.raises(ValueError, match="splits.*split='test'"):
        open_source(f"{tmp_path}/*.tar", "test")


def test_what_cannot_be_used_is_named(tmp_path, clips):
    path = write_shard(
        tmp_path / "a.tar",
        {
            "1.mp4": clips[0],
            "1.json": b"[" * 100_000,
            "2.mp4": clips[1],
            "2.json": b'{"label": 1.5}',
            "3.mp4": clips[2],
        },
    )
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(clips[2]) + 100])
    write_shard(tmp_path / "b.tar", {"4.mp4": b"", "5.mp4": b"ftyp" * 9})
    (tmp_path / "c.tar").write_bytes(b"\x1f\x8b" + bytes(2000))
    source = TarShards(sorted(tmp_path.glob("*.tar")))
    assert [source.key(i) for i in range(len(source))] == [
        *("a.tar/1.mp4", "a.tar/2.mp4", "b.tar/4.mp4", "b.tar/5.mp4")
    ]
    assert source.problems["a.tar/1.json"].startswith("The label cannot be read")
    assert source.problems["a.tar/2.json"].startswith("The label cannot be read")
    assert source.problems["a.tar/3.mp4"].startswith("The shard is cut")
    assert source.problems["c.tar"].startswith("Cannot read the shard")
    with pytest.raises(VideoFileError, match=r"0 bytes.*b\.tar/4\.mp4"):
        source.info(2)
    with pytest.raises(VideoFileError, match=r"b\.tar/5\.mp4"):
        source.info(3)


def test_links_and_devices_in_a_shard_are_passed_over(tmp_path, clips):
    with tarfile.open(tmp_path / "a.tar", "w") as shard:
        link = tarfile.TarInfo("l.mp4")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        device = tarfile.TarInfo("d.mp4")
        device.type = tarfile.CHRTYPE
        for info in (link, device):
            shard.addfile(info)
    with pytest.raises(VideoFileError, match="hold no videos"):
        TarShards(tmp_path / "a.tar")
    with pytest.raises(VideoFileError, match="no such shard"):
        TarShards(f"{tmp_path}/none-*.tar")
