"""Token caches: what is in them, and which are refused."""

import itertools
import json
import pickle
import struct

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import keras_magvit as km
from keras_magvit.data import TokenCache, TokenCacheError, tokenize_dataset
from keras_magvit.data.token_cache.records import RecordLayout, TokenRecord

TASKS = ("frame_prediction", "central_outpainting", "class_generation")


def _contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _encode(tokenizer, video):
    return keras.ops.convert_to_numpy(tokenizer.encode(video))


@pytest.fixture
def cache(shared_tokenizer, dataset, tmp_path):
    """A training cache of 10 clips, in 3 shards."""
    folder = tmp_path / "cache"
    tokenize_dataset(shared_tokenizer, dataset(), folder, TASKS, shards=3)
    return folder


def test_holds_the_ids_of_clips_and_conditions(shared_tokenizer, dataset, cache):
    clips, made = dataset(), TokenCache(cache, shuffle=False)
    assert len(made) == 10 and made.tasks == TASKS[:2]
    assert made.class_names == ("walk", "run", "jump")
    for number in range(10):
        clip, example = clips.example(number), made.example(number)
        video = clip["video"][None]
        np.testing.assert_array_equal(
            example["ids"], _encode(shared_tokenizer, video)[0]
        )
        for name in TASKS[:2]:
            task = km.tasks.get(name)
            given = task.condition(video, shared_tokenizer.latent_shape).video
            expected = _encode(shared_tokenizer, given)[0]
            np.testing.assert_array_equal(example["cond_ids"][name], expected)
        assert example["label"] == clip["label"]
        assert example["ids"].dtype == np.int32
        assert made.record(number).number == number
        assert made.record(number).key == clips.key(number)


def test_ids_take_16_bits_and_equal_conditions_are_stored_once(
    shared_tokenizer, dataset, tmp_path
):
    """Of the eleven tasks nine start from pixels, and two of them from the same."""
    manifest = tokenize_dataset(shared_tokenizer, dataset(1), tmp_path)
    assert len(manifest.tasks) == 9 and len(manifest.conditions) == 8
    record = TokenCache(tmp_path).record(0)
    assert record.ids.shape == (9, 2, 4, 4)
    assert record.ids.dtype.itemsize == 2
    packed = manifest.layout.pack(record)
    key = record.key.encode()
    assert len(packed) == 12 + 2 * record.ids.size + len(key)
    assert struct.unpack_from("<qi", packed) == (0, 0)


def test_an_epoch_of_batches_shows_every_clip_once(cache):
    made = TokenCache(cache, seed=5)
    batches = list(itertools.islice(made.batches(4), 5))
    seen = np.concatenate([b["ids"] for b in batches])
    stored = [made.record(i).ids[0] for i in range(10)]
    places = [
        next(i for i, s in enumerate(stored) if np.array_equal(s, ids)) for ids in seen
    ]
    assert sorted(places[:10]) == sorted(places[10:]) == list(range(10))
    assert places[:10] != places[10:]
    assert places[:10] != list(range(10))
    later = next(made.batches(4, start=8, num_workers=2))
    np.testing.assert_array_equal(later["ids"], batches[2]["ids"])
    np.testing.assert_array_equal(
        later["cond_ids"]["frame_prediction"],
        batches[2]["cond_ids"]["frame_prediction"],
    )
    other = next(TokenCache(cache, seed=6).batches(10))["ids"]
    assert (other != seen[:10]).any()


def test_fixed_streams_end_and_keep_the_order(shared_tokenizer, dataset, tmp_path):
    clips = dataset(training=False, windows_per_video=2, crops_per_video=2)
    tokenize_dataset(shared_tokenizer, clips, tmp_path, (), shards=4)
    made = TokenCache(tmp_path, training=False)
    batches = list(made.batches(16))
    assert [len(b["label"]) for b in batches] == [16, 16, 8]
    labels = np.concatenate([b["label"] for b in batches])
    np.testing.assert_array_equal(labels, np.repeat(np.arange(10) % 3, 4))
    assert batches[0]["cond_ids"] == {}
    assert made.record(5).key == "00000001#0.1"


def test_worker_processes_and_pickles_read_the_same(cache):
    made = TokenCache(cache)
    example = made.example(3)
    again = pickle.loads(pickle.dumps(made)).example(3)
    np.testing.assert_array_equal(example["ids"], again["ids"])


def test_epochs_draw_new_windows(shared_tokenizer, dataset, tmp_path):
    tokenize_dataset(shared_tokenizer, dataset(), tmp_path, (), epochs=2)
    made = TokenCache(tmp_path, shuffle=False)
    assert len(made) == 20
    keys = [made.record(i).key for i in range(20)]
    assert len(set(keys)) == 20
    assert {k.split("@")[0] for k in keys[:10]} == {f"{i:08d}" for i in range(10)}
    assert sorted(k.split("@")[0] for k in keys[:10]) == sorted(
        k.split("@")[0] for k in keys[10:]
    )


@pytest.mark.parametrize("training", [True, False])
def test_unreadable_videos_are_named(shared_tokenizer, dataset, tmp_path, training):
    clips = dataset(broken=(2, 7), training=training)
    tokenize_dataset(shared_tokenizer, clips, tmp_path, (), shards=3)
    made = TokenCache(tmp_path, training=training, shuffle=False)
    assert len(made) == (10 if training else 8)
    assert set(made.report.unreadable) == {"00000002", "00000007"}
    assert set(clips.report.unreadable) == {"00000002", "00000007"}
    keys = [made.record(i).key[:8] for i in range(len(made))]
    assert not set(keys) & {"00000002", "00000007"}


class _Killed(Exception):
    pass


@pytest.mark.parametrize("broken", [(), (1, 4)])
def test_killed_and_started_again_it_has_the_same_content(
    shared_tokenizer, dataset, tmp_path, broken
):
    def clips():
        return dataset(broken=broken)

    whole, halved = tmp_path / "whole", tmp_path / "halved"
    tokenize_dataset(shared_tokenizer, clips(), whole, TASKS, shards=4, batch_size=2)

    def kill(done, total):
        assert total == 10
        if done >= 5:
            raise _Killed

    arguments = {"tasks": TASKS, "shards": 4, "batch_size": 2}
    with pytest.raises(_Killed):
        tokenize_dataset(shared_tokenizer, clips(), halved, progress=kill, **arguments)
    shards = list(halved.glob("*.array_record"))
    assert 0 < len(shards) < 4
    assert not list(halved.glob(".*.tmp"))
    with pytest.raises(TokenCacheError, match="not finished"):
        TokenCache(halved)
    before = {path: path.stat().st_mtime_ns for path in shards}
    (halved / ".tokens-00003-of-00004.array_record.x.tmp").write_bytes(b"left")
    seen = []
    tokenize_dataset(
        shared_tokenizer,
        clips(),
        halved,
        progress=lambda *at: seen.append(at),
        **arguments,
    )
    assert seen == sorted(seen) and seen[-1] == (10, 10)
    assert before == {path: path.stat().st_mtime_ns for path in shards}
    assert _contents(halved) == _contents(whole)
    # A finished cache is left alone.
    tokenize_dataset(shared_tokenizer, clips(), halved, **arguments)
    assert _contents(halved) == _contents(whole)


def test_other_settings_do_not_mix(shared_tokenizer, dataset, cache):
    before = _contents(cache)
    with pytest.raises(TokenCacheError, match=r"dataset\.stride: 1 -> 2"):
        tokenize_dataset(shared_tokenizer, dataset(stride=2), cache, TASKS, shards=3)
    with pytest.raises(TokenCacheError, match=r"dataset\.videos"):
        tokenize_dataset(
            shared_tokenizer, dataset(video_seed=1), cache, TASKS, shards=3
        )
    with pytest.raises(TokenCacheError, match="tasks"):
        tokenize_dataset(shared_tokenizer, dataset(), cache, TASKS[1:], shards=3)
    assert _contents(cache) == before


def test_a_stale_cache_is_refused(shared_tokenizer, tiny_tokenizer, dataset, cache):
    made = TokenCache(cache)
    made.check(shared_tokenizer, TASKS, dataset=dataset())
    made.check(shared_tokenizer, ["FP"])
    with pytest.raises(TokenCacheError, match=r"stale.*tokenizer weights"):
        made.check(tiny_tokenizer(seed=1))
    with pytest.raises(TokenCacheError, match=r"config\.padding: 'reflect' -> 'same'"):
        made.check(tiny_tokenizer(padding="same"))
    with pytest.raises(TokenCacheError, match=r"'dynamic_inpainting' is missing"):
        made.check(shared_tokenizer, ["frame_prediction", "dynamic_inpainting"])
    with pytest.raises(TokenCacheError, match=r"'frame_prediction' was given other"):
        made.check(shared_tokenizer, ["frame_prediction"], condition_frames=2)
    with pytest.raises(TokenCacheError, match=r"dataset seed: 3 -> 4"):
        made.check(shared_tokenizer, dataset=dataset(seed=4))


def test_names_and_sizes_of_a_tokenizer_do_not_matter(tiny_tokenizer, cache):
    same = tiny_tokenizer(name="another")
    TokenCache(cache).check(same, TASKS)


def test_another_precision_is_not_stale_but_does_not_mix(
    tiny_tokenizer, dataset, cache
):
    rounded = tiny_tokenizer(dtype="mixed_bfloat16")
    for weight, same in zip(rounded.weights, tiny_tokenizer().weights, strict=True):
        weight.assign(same)
    TokenCache(cache).check(rounded, TASKS)
    with pytest.raises(TokenCacheError, match=r"tokenizer\.dtype"):
        tokenize_dataset(rounded, dataset(), cache, TASKS, shards=3)


def _flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm, why",
    [
        (_flip_a_byte, "checksum"),
        (lambda path: path.write_bytes(path.read_bytes()[:-7]), "bytes were written"),
        (lambda path: path.unlink(), "missing"),
    ],
)
def test_damaged_shards_are_refused(cache, harm, why):
    harm(cache / "tokens-00001-of-00003.array_record")
    with pytest.raises(TokenCacheError, match=f"{why}.*tokens-00001-of-00003"):
        TokenCache(cache)


def test_damage_after_opening_is_noticed(cache):
    _flip_a_byte(cache / "tokens-00001-of-00003.array_record")
    made = TokenCache(cache, training=False, verify=False)
    with pytest.raises(TokenCacheError, match="tokens-00001-of-00003"):
        list(made.batches(10))


@pytest.mark.parametrize(
    "change, why",
    [
        ({"format": 99}, "format 1"),
        ({"latent_shape": None}, "cannot be read"),
        ({"unknown": 1}, "cannot be read"),
    ],
)
def test_strange_manifests_are_refused(cache, change, why):
    path = cache / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(TokenCacheError, match=why):
        TokenCache(cache)


def test_shards_stay_in_their_folder(cache):
    path = cache / "manifest.json"
    text = path.read_text().replace("tokens-00001", "../tokens-00001")
    path.write_text(text)
    with pytest.raises(TokenCacheError, match="missing"):
        TokenCache(cache)


def test_a_folder_without_a_cache_is_refused(tmp_path):
    with pytest.raises(TokenCacheError, match="no token cache"):
        TokenCache(tmp_path)


def test_a_dataset_without_a_readable_clip_is_refused(
    shared_tokenizer, dataset, tmp_path
):
    clips = dataset(2, broken=(0, 1), training=False)
    with pytest.raises(ValueError, match="(?s)at least one clip.*No video stream"):
        tokenize_dataset(shared_tokenizer, clips, tmp_path, ())


def test_a_clip_cache_makes_no_other_tokens(shared_tokenizer, dataset, cache, tmp_path):
    cached = dataset(cache=tmp_path / "frames")
    TokenCache(cache).check(shared_tokenizer, dataset=cached)
    again = tmp_path / "again"
    tokenize_dataset(shared_tokenizer, cached, again, TASKS, shards=3)
    assert _contents(again) == _contents(cache)


def test_other_classes_are_other_labels(shared_tokenizer, dataset, cache):
    merged = dataset(classes={"walk": "walk", "run": "run", "jump": "jump"})
    TokenCache(cache).check(shared_tokenizer, dataset=merged)
    swapped = dataset(classes={"walk": "walk", "jump": "run", "run": "jump"})
    with pytest.raises(TokenCacheError, match="dataset labels"):
        TokenCache(cache).check(shared_tokenizer, dataset=swapped)


@given(
    st.integers(0, 2**62),
    st.integers(-1, 2**31 - 1),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(0, 3),
    st.integers(0, 2**16 - 1),
)
def test_records_come_back(number, label, key, conditions, largest):
    layout = RecordLayout((2, 3, 4), conditions)
    ids = np.arange(24 * (1 + conditions)).reshape(-1, 2, 3, 4) * 7 % (largest + 1)
    data = layout.pack(TokenRecord(number, label, ids, key))
    back = layout.unpack(data)
    assert (back.number, back.label, back.key) == (number, label, key)
    np.testing.assert_array_equal(back.ids, ids)
    with pytest.raises(ValueError, match="must have at least"):
        layout.unpack(data[: len(data) - len(key.encode()) - 1])


def test_bad_arguments_are_refused(shared_tokenizer, dataset, tmp_path):
    with pytest.raises(ValueError, match="ClipDataset"):
        tokenize_dataset(shared_tokenizer, {}, tmp_path)
    for wrong in ({"epochs": 0}, {"shards": 0}, {"batch_size": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            tokenize_dataset(shared_tokenizer, dataset(), tmp_path, (), **wrong)
    with pytest.raises(ValueError, match="`task` must be"):
        tokenize_dataset(shared_tokenizer, dataset(), tmp_path, ("walking",))
    assert not list(tmp_path.iterdir())


def test_goes_to_tf_data(cache):
    tf = pytest.importorskip("tensorflow", reason="as_tf gives a tf.data pipeline")
    made = TokenCache(cache)
    batch = next(iter(made.as_tf(4)))
    expected = next(made.batches(4))
    tf.nest.assert_same_structure(batch, expected)
    np.testing.assert_array_equal(
        batch["cond_ids"]["frame_prediction"], expected["cond_ids"]["frame_prediction"]
    )


@pytest.mark.heavy
def test_videos_read_by_processes(shared_tokenizer, dataset, cache, tmp_path):
    again = tmp_path / "again"
    arguments = {"shards": 3, "num_workers": 1, "processes": True}
    tokenize_dataset(shared_tokenizer, dataset(), again, TASKS, **arguments)
    assert _contents(again) == _contents(cache)
