"""TFDS datasets read without TensorFlow: the frames that were written, one by one."""

import io
import pickle
import threading

import numpy as np
import pytest
from PIL import Image

from keras_magvit.data.sources.tfds_videos import TfdsVideos
from keras_magvit.data.sources.tfrecords import TFRecords
from keras_magvit.io import VideoFileError

tfds = pytest.importorskip("tensorflow_datasets", reason="it is the extra `data`")

VIDEOS = np.random.default_rng(0).integers(0, 256, (7, 5, 12, 10, 3), np.uint8)
LENGTHS = [5, 3, 4, 5, 1, 2, 5]


def png(frame):
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "PNG")
    file.seek(0)
    return file


class TwoCameras(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Videos of any length, a class, and features that are none of both."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        kinds = tfds.features
        steps = {"front": kinds.Image(shape=(12, 10, 3)), "side": kinds.Image()}
        steps["force"] = kinds.Tensor(shape=(2,), dtype=np.float32)
        return tfds.core.DatasetInfo(
            builder=self,
            features=kinds.FeaturesDict(
                {
                    "steps": kinds.Sequence(steps),
                    "kind": kinds.ClassLabel(names=["calm", "wild"]),
                    "poster": kinds.Image(shape=(12, 10, 3)),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for i, (video, length) in enumerate(zip(VIDEOS, LENGTHS, strict=True)):
            video = video[:length]
            yield (
                i,
                {
                    "steps": {
                        "front": [png(frame) for frame in video],
                        "side": [png(frame[:6, ::-1]) for frame in video],
                        "force": np.zeros((length, 2), np.float32),
                    },
                    "kind": i % 2,
                    "poster": png(video[0]),
                },
            )


@pytest.fixture(scope="module", params=["array_record", "tfrecord"])
def folder(request, tmp_path_factory):
    builder = TwoCameras(
        data_dir=tmp_path_factory.mktemp("tfds"), file_format=request.param
    )
    builder.download_and_prepare()
    return builder.data_dir


def test_frames_are_those_that_were_written(folder):
    source = TfdsVideos(folder, video="steps/front", frame_rate=12.0)
    assert len(source) == 7 and source.class_names == ("calm", "wild")
    for index in (6, 0, 3):  # in no order
        info = source.info(index)
        assert (info.num_frames, info.height, info.width) == (LENGTHS[index], 12, 10)
        assert info.frame_rate == 12.0
        chosen = range(0, LENGTHS[index], 2)
        expected = VIDEOS[index][list(chosen)]
        np.testing.assert_array_equal(source.frames(index, chosen), expected)
        assert source.label(index) == index % 2
    assert len({source.key(i) for i in range(7)}) == 7


def test_a_size_that_the_dataset_does_not_fix_is_read(folder):
    source = TfdsVideos(folder, video="steps/side")
    assert (source.info(1).height, source.info(1).width) == (6, 10)
    np.testing.assert_array_equal(source.frames(1, [2])[0], VIDEOS[1, 2, :6, ::-1])


def test_a_part_of_a_split(folder):
    source = TfdsVideos(folder, "train[2:5]", video="steps/front")
    assert len(source) == 3
    np.testing.assert_array_equal(source.frames(1, [4])[0], VIDEOS[3, 4])
    with pytest.raises(IndexError):
        source.frames(3, [0])


def test_it_travels_to_workers_and_serves_threads(folder):
    source = pickle.loads(pickle.dumps(TfdsVideos(folder, video="steps/front")))
    found = {}

    def read(index):
        found[index] = source.frames(index, [0])[0]

    threads = [threading.Thread(target=read, args=(index,)) for index in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in range(7):
        np.testing.assert_array_equal(found[index], VIDEOS[index, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            r"video must be one of .*\['steps/front', 'steps/side'\]. Received: video=",
        ),
        ({"video": "poster"}, "Received: video='poster'"),
        ({"video": "steps/front", "label": "steps"}, "Received: label='steps'"),
        ({"video": "steps/front", "split": "test"}, "Received: split='test'"),
        ({"video": "steps/front", "frame_rate": 0}, "Received: frame_rate=0"),
    ],
)
def test_what_is_not_there_is_refused(folder, options, message):
    with pytest.raises(ValueError, match=message):
        TfdsVideos(folder, **options)


def test_a_folder_without_a_dataset_is_refused(tmp_path):
    with pytest.raises(ValueError, match="dataset_info.json in it. Received: folder="):
        TfdsVideos(tmp_path)


def test_frames_beyond_the_end_are_refused(folder):
    source = TfdsVideos(folder, video="steps/front")
    with pytest.raises(VideoFileError, match="The video has 3 frames"):
        source.frames(1, [2, 3])


def test_records_are_found_and_a_cut_file_is_refused(tmp_path):
    tf = pytest.importorskip("tensorflow", reason="it writes the reference")
    path = str(tmp_path / "records")
    rows = [b"", b"one", bytes(1000), b"four"]
    with tf.io.TFRecordWriter(path) as writer:
        for row in rows:
            writer.write(row)
    part = {"filename": path, "skip": 1, "take": -1}
    records = TFRecords([type("Part", (), part), type("Part", (), {**part, "take": 1})])
    assert len(records) == 4
    assert [records[i] for i in range(4)] == [*rows[1:], rows[1]]
    whole = (tmp_path / "records").read_bytes()
    for length in (len(whole) - 1, 5, 13):
        (tmp_path / "records").write_bytes(whole[:length])
        with pytest.raises(VideoFileError, match="a TFRecord is cut off"):
            len(TFRecords([type("Part", (), part)]))
