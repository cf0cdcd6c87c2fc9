"""Array files: .npz, .npy and HDF5, in every layout."""

import pickle

import h5py
import numpy as np
import pytest

from keras_magvit.data import ArrayVideos, JoinedVideos, open_source
from keras_magvit.io import VideoFileError

VIDEOS = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 7, 3), np.uint8)
LABELS = np.array([1, 0, 2, 1, 0])
NAMES = ("x", "y", "z")


def check_videos(source, videos=VIDEOS, labels=LABELS):
    copy = pickle.loads(pickle.dumps(source))
    for found in (source, copy):
        assert len(found) == len(videos)
        for i, video in enumerate(videos):
            assert np.array_equal(found.frames(i, [0, 2, 3]), video[[0, 2, 3]])
            assert found.label(i) == (-1 if labels is None else labels[i])
            assert found.info(i).num_frames == len(video)
    assert len({source.fingerprint(i) for i in range(len(source))}) == len(videos)


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, videos=VIDEOS, labels=LABELS, class_names=np.array(NAMES))
    source = open_source(path)
    check_videos(source)
    assert source.class_names == NAMES
    np.savez_compressed(path, train_videos=VIDEOS, validation_videos=VIDEOS[:2])
    check_videos(open_source(path, "validation"), VIDEOS[:2], None)
    with pytest.raises(ValueError, match="no videos of the split.*'test'"):
        open_source(path, "test")


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_mapped(tmp_path, order):
    np.save(tmp_path / "a.npy", np.asarray(VIDEOS, order=order))
    source = open_source(tmp_path / "a.npy")
    check_videos(source, labels=None)
    assert len(pickle.dumps(source)) < VIDEOS.nbytes / 2


def test_hdf5(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["train/videos"], file["train/labels"] = VIDEOS, LABELS
        file["class_names"] = list(NAMES)
        file["test/videos"] = VIDEOS[..., :1] / np.float32(255)
    source = open_source(path)
    check_videos(source)
    assert source.class_names == NAMES
    check_videos(open_source(path, "test"), VIDEOS[..., [0, 0, 0]], None)


def test_frames_one_after_another(tmp_path):
    lengths = [4, 9, 5]
    frames = VIDEOS.reshape(-1, *VIDEOS.shape[2:])[: sum(lengths)]
    starts = np.cumsum([0, *lengths[:-1]])
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["train_data"], file["train_idx"] = frames, starts
    check_videos(
        open_source(tmp_path / "a.hdf5"), np.split(frames, starts[1:]), labels=None
    )
    check_videos(JoinedVideos(frames, starts), np.split(frames, starts[1:]), None)
    for bad in ([], [1, 2], [0, 0], [0, 99], [0.0, 1.0]):
        with pytest.raises(ValueError, match="starts must be.*Received: starts"):
            JoinedVideos(frames, np.array(bad))


def test_links_to_other_files_are_not_followed(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["videos"] = VIDEOS
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["videos"] = h5py.ExternalLink("secret.h5", "videos")
    with pytest.raises(ValueError, match="no videos"):
        open_source(tmp_path / "a.h5")
    (tmp_path / "raw").write_bytes(VIDEOS.tobytes())
    with h5py.File(tmp_path / "b.h5", "w") as file:
        outside = [(str(tmp_path / "raw"), 0, VIDEOS.nbytes)]
        file.create_dataset("videos", VIDEOS.shape, "u1", external=outside)
    with pytest.raises(VideoFileError, match="data in this file"):
        open_source(tmp_path / "b.h5")


def test_damaged_files_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", VIDEOS)
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:-1])
    np.savez(tmp_path / "b.npz", videos=VIDEOS)
    data = (tmp_path / "b.npz").read_bytes()
    (tmp_path / "b.npz").write_bytes(data[: len(data) // 2])
    (tmp_path / "c.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    np.savez(tmp_path / "d.npz", videos=np.array([{}], object))
    np.savez(tmp_path / "e.npz", videos=VIDEOS[0])
    for name in ("a.npy", "b.npz", "c.h5", "d.npz", "e.npz"):
        with pytest.raises(VideoFileError, match=name):
            open_source(tmp_path / name)


def test_fingerprint_of_arrays_in_memory_is_their_content():
    first, second = ArrayVideos(VIDEOS), ArrayVideos(VIDEOS[::-1])
    assert first.fingerprint(0) == second.fingerprint(4) != second.fingerprint(0)
