"""The rows of the embedding table."""

import pytest

from keras_magvit import tasks
from keras_magvit.ops import Vocabulary
from keras_magvit.ops.vocabulary import PROMPTS


def test_sizes_equal_official():
    assert Vocabulary.single_task(1024, 101).size == 1127  # UCF-101
    assert Vocabulary.multi_task(1024, 0).size == 1041  # BAIR, ten tasks
    assert Vocabulary.released(64, 4).size == 85  # tests/golden/bert


def test_rows_equal_official_prefixes(golden):
    """fastdecode: codebook 32, 5 classes; labels 2 and 3, no class, [MASK]."""
    data = golden("fastdecode")
    vocabulary = Vocabulary.released(32, 5)
    assert vocabulary.size == data.meta["vocab"]
    for case, facts in data.meta["cases"].items():
        task, cls = facts["prefix"][0]
        uses_class = case.startswith("full_generation")
        expected = 32 + data["label"][0, 0] if uses_class else vocabulary.no_class
        assert cls == expected
        name = {
            "full": "class_generation",
            "fram": "frame_prediction",
            "outp": "central_outpainting",
        }[case[:4]]
        assert vocabulary.prompt(name) == vocabulary.size + task
    assert vocabulary.mask == vocabulary.size - 1


def test_every_built_in_task_has_a_row_of_its_own():
    vocabulary = Vocabulary.multi_task(16, 3)
    names = tasks.names()[:11]
    rows = [vocabulary.prompt(name) for name in names]
    assert len(set(rows)) == len(names) == len(PROMPTS) == 11
    special = {vocabulary.mask, vocabulary.separator}
    assert not special & set(rows)
    assert min(rows) > vocabulary.no_class


def test_tasks_of_one_s_own_get_rows():
    few = Vocabulary.multi_task(16, extra=["mine"])
    assert few.size == Vocabulary.multi_task(16).size
    assert few.prompt("mine") not in {few.prompt(t) for t in PROMPTS}
    many = Vocabulary.multi_task(16, extra=[f"mine_{i}" for i in range(9)])
    rows = [many.prompt(f"mine_{i}") for i in range(9)]
    assert len(set(rows)) == 9
    assert min(rows) > many.no_class


def test_config_round_trip():
    vocabulary = Vocabulary.multi_task(16, 3, extra=["mine"])
    assert Vocabulary.from_config(vocabulary.get_config()) == vocabulary


@pytest.mark.parametrize(
    "make",
    [
        lambda: Vocabulary(0),
        lambda: Vocabulary(4, -1),
        lambda: Vocabulary(4, 0, {"frame_prediction": -1}, 4),
        lambda: Vocabulary(4, 0, {"frame_prediction": -9}, 4),
        lambda: Vocabulary(4).prompt("frame_prediction"),
        lambda: Vocabulary(4).separator,
        lambda: Vocabulary.from_config({"codebook_size": 4, "prompt_version": 99}),
    ],
)
def test_bad_arguments(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
