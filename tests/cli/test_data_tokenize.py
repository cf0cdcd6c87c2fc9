"""`data tokenize`: a dataset to a cache that a model trains from."""

import pytest

from keras_magvit.data import TokenCache

DRAWN = ("moving_shapes", "--option", "num_videos=6", "--option", "num_frames=6")


def test_makes_a_cache_and_goes_on_with_it(run, refused, preset, shared_tokenizer):
    arguments = ("data", "tokenize", preset, *DRAWN, "--out", "tokens", "--epochs", 2)
    arguments += ("--tasks", "FP,CG", "--shards", 3)
    out, _ = run(*arguments, "--clip-option", "flip=true")
    assert "wrote tokens: 12 clips" in out
    cache = TokenCache("tokens")
    assert len(cache) == 12 and cache.tasks == ("frame_prediction",)
    assert cache.manifest.dataset["flip"] is True
    cache.check(shared_tokenizer, ["frame_prediction", "class_generation"])
    run(*arguments, "--clip-option", "flip=true")
    assert "made of something else" in refused(*arguments)


def test_other_splits_give_fixed_clips(run, preset):
    run(
        *("data", "tokenize", preset, *DRAWN, "--out", "tokens"),
        *("--tasks", "none", "--split", "validation"),
    )
    manifest = TokenCache("tokens", training=False).manifest
    assert manifest.dataset["training"] is False and manifest.num_clips == 6


@pytest.mark.parametrize(
    "arguments, why",
    [
        (("--tasks", "walking"), "walking"),
        (("--clip-option", "flip"), "--clip-option must be FIELD=VALUE"),
        (("--clip-option", "wings=2"), "wings"),
        (("--split", "holdout"), "holdout"),
        (("--epochs", "0"), "--epochs"),
        (("--option", "size=[8,8]"), "at least 16"),
    ],
)
def test_refusals(refused, preset, arguments, why):
    assert why in refused("data", "tokenize", preset, *DRAWN, "--out", "t", *arguments)
