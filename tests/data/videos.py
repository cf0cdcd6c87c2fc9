"""Small videos and folders of them, for tests."""

import os
import random

import av
import numpy as np

from keras_magvit.data import VideoInfo, VideoSource
from keras_magvit.io import write_video


def numbered_frames(count, height=24, width=32, seed=0):
    """Smooth frames, uint8 `(count, height, width, 3)`, each unlike the others."""
    y, x = np.ogrid[:height, :width]
    phase = np.random.default_rng(seed).random(3) * 6
    frames = np.empty((count, height, width, 3), np.uint8)
    for t in range(count):  # frame by frame: a long video has gigabytes of floats
        for i in range(3):
            wave = np.sin(x / 5 + y / (6 + i) + t / 3 + phase[i])
            frames[t, ..., i] = 127 + 100 * wave
    return frames


def write_numbered(path, count=20, seed=0, **size):
    """Writes such a video, and makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, numbered_frames(count, seed=seed, **size), 8, overwrite=True)
    return path


def write_audio(path):
    """Writes a file of sound alone."""
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=16000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 16000), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 16000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def broken_folder(root, count):
    """A folder of `count` videos in two classes, 5% of them broken in turn.

    Returns:
        key -> a part of the reason that must be told.
    """
    for i in range(count):
        write_numbered(root / "ab"[i % 2] / f"{i:03d}.mp4", 18, seed=i)
    whole = (root / "a" / "000.mp4").read_bytes()
    kinds = (
        ("truncated", lambda p: p.write_bytes(whole[: len(whole) // 2]), "cut"),
        ("empty", lambda p: p.write_bytes(b""), "0 bytes"),
        ("audio", write_audio, "only audio"),
        ("text", lambda p: p.write_text("Dear diary,\n" * 99), "not a video"),
        ("loop", lambda p: (p.unlink(), p.symlink_to(p)), "symbolic link"),
        ("pipe", lambda p: (p.unlink(), os.mkfifo(p)), "not a regular file"),
    )
    if os.geteuid():  # permission bits do not bind an administrator
        kinds += (("denied", lambda p: p.chmod(0), "Permission denied"),)
    expected = {}
    places = sorted(
        random.Random(0).sample(range(1, count), max(len(kinds), count // 20))
    )
    for place, (_, spoil, reason) in zip(places, kinds * count, strict=False):
        key = f"{'ab'[place % 2]}/{place:03d}.mp4"
        spoil(root / key)
        expected[key] = reason
    (root / "a" / "film.dat").write_bytes(whole)
    expected["a/film.dat"] = "suffix '.dat'"
    (root / "b" / "circle").symlink_to(root / "b")
    expected["b/circle"] = "leads back"
    return expected


class CountedVideos(VideoSource):
    """Videos whose pixels say which frame of which video they are.

    Frame `t` of video `i` is `(i, t, row)` in its three channels.
    """

    def __init__(self, lengths, size=(8, 8)):
        self.lengths, self.size = tuple(lengths), size

    def __len__(self):
        return len(self.lengths)

    def key(self, index):
        return f"video {index}"

    def info(self, index):
        return VideoInfo(self.lengths[index], *self.size, 8.0)

    def frames(self, index, indices):
        frames = np.empty((len(indices), *self.size, 3), np.uint8)
        frames[..., 0] = index
        frames[..., 1] = np.asarray(indices)[:, None, None]
        frames[..., 2] = np.arange(self.size[0])[:, None]
        return frames
