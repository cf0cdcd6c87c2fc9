"""Memory does not grow with what was read."""

import json
import subprocess
import sys

import pytest

from keras_magvit.data.sources.files import _REMEMBERED_FRAMES, _IndexCache
from keras_magvit.io.index import VideoIndex
from tests.data.videos import write_numbered

# Read in a process of its own; prints the peak of its memory after one video, and after
# all of them, in KiB.
_READ = """
import itertools, json, resource, sys
from keras_magvit.data import ClipDataset, VideoFolder
root, workers, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
peaks = []
dataset = ClipDataset(VideoFolder(root), 16, 4, (64, 64))
for clips in (8, count):
    batches = dataset.batches(8, num_workers=workers)
    for batch in itertools.islice(batches, clips // 8):
        pass
    batches.close()
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(json.dumps(peaks))
"""


def peaks(root, workers, count):
    command = [sys.executable, "-c", _READ, str(root), str(workers), str(count)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def long_videos(root, count, seconds, height=240, width=320):
    """The same video under many names, at 8 frames a second."""
    size = {"height": height, "width": width}
    first = write_numbered(root / "0000.mp4", 8 * seconds, **size)
    for i in range(1, count):
        (root / f"{i:04d}.mp4").hardlink_to(first)


def test_reading_on_takes_no_more_memory(tmp_path):
    """Forty videos of 14 MB of pixels each, in two threads."""
    long_videos(tmp_path, 40, 30, 120, 160)
    first, last = peaks(tmp_path, 2, 48)
    assert last - first < 100 * 1024


@pytest.mark.heavy
def test_500_long_videos_stay_under_one_and_a_half_gibibytes(tmp_path):
    """Five minutes each, 550 MB of pixels; 500 clips touch most of them."""
    long_videos(tmp_path, 500, 300)
    assert peaks(tmp_path, 2, 500)[-1] < 1.5 * 1024**2


def test_indices_are_forgotten_by_the_frames_they_hold():
    cache = _IndexCache()
    for i in range(10):
        cache.put(i, VideoIndex(_REMEMBERED_FRAMES // 4, 2, 2, 8.0))
    assert [i for i in range(10) if cache.get(i)] == [6, 7, 8, 9]
    cache.get(6)
    cache.put(10, VideoIndex(_REMEMBERED_FRAMES // 4, 2, 2, 8.0))
    assert [i for i in range(11) if cache.get(i)] == [6, 8, 9, 10]
    cache.put(11, VideoIndex(2 * _REMEMBERED_FRAMES, 2, 2, 8.0))
    assert [i for i in range(12) if cache.get(i)] == [11]
    assert cache._frames == 2 * _REMEMBERED_FRAMES
