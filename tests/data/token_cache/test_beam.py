"""The token cache and the tables of videos as Beam pipelines."""

import numpy as np
import pytest

from keras_magvit.data import TokenCache, tokenize_dataset
from tests.data.token_cache.conftest import Videos

pytest.importorskip(
    "apache_beam",
    reason="Beam holds protobuf below 6.34 and Pillow below 13: it is tested where the "
    "extra `beam` is installed",
)
from apache_beam.options.pipeline_options import PipelineOptions

from keras_magvit.data.token_cache.beam import tokenize_with_beam

TASKS = ("frame_prediction", "dynamic_inpainting", "class_generation")

# Raised inside Beam.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"
)


def _workers(count):
    mode = "multi_processing" if count > 1 else "in_memory"
    flags = [f"--direct_num_workers={count}", f"--direct_running_mode={mode}"]
    return PipelineOptions(flags)


def _contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _by_key(folder):
    cache = TokenCache(folder, training=False)
    records = [cache.record(i) for i in range(len(cache))]
    return sorted((r.key, cache.manifest.layout.pack(r)) for r in records)


@pytest.mark.parametrize("workers", [1, 2])
def test_equals_one_process_byte_for_byte(shared_tokenizer, dataset, tmp_path, workers):
    arguments = {"tasks": TASKS, "epochs": 2, "shards": 6, "batch_size": 2}
    clips = dataset(broken=(3,))
    tokenize_dataset(shared_tokenizer, clips, tmp_path / "one", **arguments)
    tokenize_with_beam(
        shared_tokenizer,
        dataset(broken=(3,)),
        tmp_path / "beam",
        options=_workers(workers),
        **arguments,
    )
    assert _by_key(tmp_path / "beam") == _by_key(tmp_path / "one")
    assert len(_by_key(tmp_path / "beam")) == 20
    assert _contents(tmp_path / "beam") == _contents(tmp_path / "one")


class _Killing(Videos):
    """Ends the run at one video, as long as there is a file that says so."""

    def __init__(self, switch):
        super().__init__(10)
        self.switch = switch

    def frames(self, index, indices):
        if index == 7 and self.switch.exists():
            raise RuntimeError("the power fails")
        return super().frames(index, indices)


def test_killed_and_started_again_it_has_the_same_content(
    shared_tokenizer, dataset, tmp_path
):
    switch = tmp_path / "switch"
    clips = dataset(training=False)
    clips.source = _Killing(switch)
    arguments = {"tasks": TASKS, "shards": 5, "batch_size": 2}
    tokenize_dataset(shared_tokenizer, clips, tmp_path / "one", **arguments)
    switch.touch()
    folder = tmp_path / "beam"
    with pytest.raises(RuntimeError, match="the power fails"):
        tokenize_with_beam(
            shared_tokenizer, clips, folder, options=_workers(1), **arguments
        )
    finished = {p.name: p.stat().st_mtime_ns for p in folder.glob("*.array_record")}
    assert len(finished) < 5
    switch.unlink()
    tokenize_with_beam(
        shared_tokenizer, clips, folder, options=_workers(1), **arguments
    )
    for name, time in finished.items():
        assert (folder / name).stat().st_mtime_ns == time
    assert _contents(folder) == _contents(tmp_path / "one")


def test_prepares_a_dataset(tmp_path):
    from keras_magvit.data.builders import preparing
    from tests.data.builders.archives import make_kinetics

    made = make_kinetics(tmp_path / "videos")
    for name, options in (("one", {}), ("beam", {"beam_options": _workers(1)})):
        preparing.prepare_files(
            "kinetics600", tmp_path / name, videos=tmp_path / "videos", **options
        )
    for split in ("train", "validation"):
        one, beam = (
            preparing.open_files("kinetics600", split, tmp_path / name)
            for name in ("one", "beam")
        )
        assert [one.key(i) for i in range(len(one))] == [
            beam.key(i) for i in range(len(beam))
        ]
        assert one.class_names == beam.class_names
        for i in range(len(beam)):
            assert beam.info(i) == one.info(i) and beam.label(i) == one.label(i)
            np.testing.assert_array_equal(beam.frames(i, [2])[0], made[beam.key(i)][2])
