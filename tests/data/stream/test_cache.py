"""The clip cache: the same clips, one decoding, a bound, and several users at once."""

import itertools
import os
import pickle
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from keras_magvit.data import ArrayVideos, ClipDataset, VideoFolder
from keras_magvit.data.cache import CachedSource
from keras_magvit.data.frame_store import FrameStore
from keras_magvit.io import VideoFileError
from tests.data.videos import CountedVideos, write_numbered


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        write_numbered(
            tmp_path / "videos" / f"{i}.mp4", 20, seed=i, height=36, width=48
        )
    return tmp_path / "videos"


class Counting(CountedVideos):
    """Notes which frames are decoded."""

    def __init__(self, *args, broken_from=None):
        super().__init__(*args)
        self.decoded, self.broken_from = [], broken_from

    def iter_frames(self, index, indices):
        for i in indices:
            if self.broken_from is not None and i >= self.broken_from:
                raise VideoFileError("Damaged.", self.key(index))
            self.decoded.append((index, i))
            yield self.frames(index, [i])[0]


def files(folder):
    return sorted(folder.glob("??/*.frames"))


def total(folder):
    return sum(path.stat().st_size for path in files(folder))


@pytest.mark.parametrize("training", [True, False])
def test_clips_are_the_same(folder, tmp_path, training):
    kwargs = {"flip": True, "zoom": 1.25} if training else {"crops_per_video": 3}
    plain = ClipDataset(VideoFolder(folder), 4, 3, (16, 24), training, **kwargs)
    cached = ClipDataset(
        *(VideoFolder(folder), 4, 3, (16, 24), training),
        cache=tmp_path / "cache",
        **kwargs,
    )
    for _ in range(2):  # made, then read
        for number in range(12):
            first, second = plain.example(number), cached.example(number)
            assert np.array_equal(first["video"], second["video"])
    assert len(files(tmp_path / "cache")) == 4
    assert not list((tmp_path / "cache").rglob("*.partial"))


def test_videos_are_decoded_once(tmp_path):
    source = Counting([9, 12])
    dataset = ClipDataset(source, 4, size=(8, 8), cache=tmp_path)
    for number in range(12):
        dataset.example(number)
    everything = [(i, t) for i, length in enumerate((9, 12)) for t in range(length)]
    assert sorted(source.decoded) == everything
    again = Counting([9, 12])
    ClipDataset(again, 4, size=(8, 8), cache=tmp_path).example(0)
    assert again.decoded == []


def test_a_pickle_shares_the_folder(tmp_path):
    cached = CachedSource(CountedVideos([9]), tmp_path, (8, 8))
    cached.frames(0, [0])
    copy = pickle.loads(pickle.dumps(cached))
    assert np.array_equal(copy.frames(0, [7]), cached.frames(0, [7]))
    assert len(files(tmp_path)) == 1


def test_content_size_and_zoom_are_the_key(tmp_path):
    videos = np.random.default_rng(0).integers(0, 256, (2, 5, 12, 12, 3), np.uint8)
    for source, size, zoom in (
        (ArrayVideos(videos[:1]), (8, 8), 1.0),
        (ArrayVideos(videos[1:]), (8, 8), 1.0),  # the same key, other pixels
        (ArrayVideos(videos[:1]), (6, 8), 1.0),
        (ArrayVideos(videos[:1]), (8, 8), 1.5),
        (ArrayVideos(videos[:1]), (8, 8), 1.0),  # known
    ):
        CachedSource(source, tmp_path, size, zoom).frames(0, [0])
    assert len(files(tmp_path)) == 4


def test_the_bound_holds_and_what_is_unused_gives_way(tmp_path):
    """Frames of 8 x 8: a video of ten is 64 + 1,920 bytes."""
    most = 3 * 1984 + 100
    first = CachedSource(CountedVideos([10] * 5), tmp_path, (8, 8), 1.0, most)
    for i in range(5):
        assert np.array_equal(first.frames(i, [3])[0], first.source.frames(i, [3])[0])
    assert len(files(tmp_path)) == 3  # nothing that is in use was thrown away
    time.sleep(0.02)
    later = CachedSource(CountedVideos([10] * 5), tmp_path, (8, 8), 1.0, most)
    used = later.fingerprint(0)
    later.frames(0, [0])
    later.frames(3, [0])
    later.frames(4, [0])
    assert len(files(tmp_path)) == 3 and total(tmp_path) <= most
    store = FrameStore(tmp_path, most)
    assert store.find(used) is not None
    kept = [store.find(later.fingerprint(i)) is not None for i in range(5)]
    assert kept == [True, False, False, True, True]


def test_a_video_larger_than_the_bound_is_not_decoded_whole(tmp_path):
    source = Counting([200])
    cached = CachedSource(source, tmp_path, (8, 8), 1.0, 10_000)
    cached.frames(0, [7, 9])
    assert source.decoded == [(0, 7), (0, 9)] and not files(tmp_path)


def test_damage_outside_the_window_changes_nothing(tmp_path):
    source = Counting([20], broken_from=15)
    cached = CachedSource(source, tmp_path, (8, 8))
    assert np.array_equal(cached.frames(0, [3]), source.frames(0, [3]))
    with pytest.raises(VideoFileError, match="Damaged"):
        cached.frames(0, [16])
    assert not [p for p in tmp_path.rglob("*") if p.suffix in (".frames", ".partial")]


def test_a_file_cut_by_a_crash_is_made_again(tmp_path):
    cached = CachedSource(CountedVideos([9]), tmp_path, (8, 8))
    cached.frames(0, [0])
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "bytes").write_text("nonsense")
    assert np.array_equal(cached.frames(0, [5]), cached.source.frames(0, [5]))
    assert files(tmp_path) == [path]


def test_a_file_that_vanishes_is_decoded(tmp_path, monkeypatch):
    """As when another process needs the room between the look and the read."""
    cached = CachedSource(CountedVideos([9]), tmp_path, (8, 8))
    cached.frames(0, [0])
    stored = cached._store.find(cached.fingerprint(0))
    os.unlink(stored.path)
    monkeypatch.setattr(cached._store, "find", lambda name: stored)
    assert np.array_equal(cached.frames(0, [5]), cached.source.frames(0, [5]))


def test_leftovers_of_a_process_that_died_are_removed(tmp_path):
    CachedSource(CountedVideos([9]), tmp_path, (8, 8)).frames(0, [0])
    old, new = tmp_path / "ab" / "1.partial", tmp_path / "ab" / "2.partial"
    old.parent.mkdir(exist_ok=True)
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    CachedSource(CountedVideos([9]), tmp_path, (8, 8))
    assert new.exists() and not old.exists()


def test_a_full_disk_is_told_once_and_survived(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    cached = CachedSource(CountedVideos([9]), tmp_path, (8, 8))
    monkeypatch.setattr(FrameStore, "_admit", full)
    with pytest.warns(UserWarning, match="No space left on device"):
        frames = cached.frames(0, [5])
    assert np.array_equal(frames, cached.source.frames(0, [5]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cached.frames(0, [5])
    assert not list(tmp_path.rglob("*.partial"))


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"cache must be a folder.*Received: cache="):
        ClipDataset(CountedVideos([9]), cache=tmp_path / "file" / "cache")


def _fill(args):
    folder, most, first = args
    cached = CachedSource(CountedVideos([10] * 8), folder, (8, 8), 1.0, most)
    for i in itertools.chain(range(first, 8), range(first)):
        assert cached.frames(i, [2])[0, 0, 0].tolist() == [i, 2, 0]


def test_several_users_share_a_cache(tmp_path):
    """Each opens the lock for itself, as processes do."""
    most = 5 * 1984
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(_fill, [(tmp_path, most, i) for i in (0, 3, 6)]))
    assert 0 < total(tmp_path) <= most
    assert int((tmp_path / "bytes").read_text()) == total(tmp_path)
