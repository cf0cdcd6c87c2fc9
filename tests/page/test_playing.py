"""A wish is fulfilled by `generate`, step by step."""

import threading

import numpy as np
import pytest

from keras_magvit.page.limits import Limits
from keras_magvit.page.playing import Wish, condition, play, takes_region


@pytest.fixture
def clip():
    return np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), "uint8")


@pytest.fixture
def painted():
    mask = np.zeros((16, 16), bool)
    mask[4:12, :8] = True
    return mask


def test_the_last_view_is_what_generate_makes(shared_model, clip):
    wish = Wish("central_inpainting", num_steps=3, seed=5, keep_condition=True)
    views = list(play(shared_model, wish, clip, Limits()))
    assert [view.step for view in views] == [1, 2, 3, 3]
    assert [view.is_result for view in views] == [False, False, False, True]
    undecided = [view.undecided.sum() for view in views]
    assert undecided == sorted(undecided, reverse=True) and undecided[-1] == 0
    expected = shared_model.generate(
        "central_inpainting", clip[None], num_steps=3, seed=5, keep_condition=True
    )[0]
    np.testing.assert_array_equal(views[-1].video, expected)


def test_what_is_painted_is_made_anew(shared_model, clip, painted):
    wish = Wish("central_inpainting", painted=painted, num_steps=2, keep_condition=True)
    given = condition(shared_model, wish, clip)
    np.testing.assert_array_equal(given, np.where(painted[..., None], 128, clip))
    made = list(play(shared_model, wish, clip, Limits()))[-1].video
    kept = np.abs(made - clip / 255).max(axis=(0, -1)) < 1e-6
    assert kept[~painted].all() and not kept[painted].any()


def test_a_class_is_given(shared_model, clip):
    wish = Wish("class_generation", label=2, num_steps=2)
    assert (condition(shared_model, wish, clip) == 128).all()
    made = list(play(shared_model, wish, clip, Limits()))[-1].video
    expected = shared_model.generate("CG", labels=2, num_steps=2)[0]
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize(
    "wish, text",
    [
        ({"num_steps": 65}, "steps must be from 1 to 64"),
        ({"num_steps": 0}, "steps must be from 1 to 64"),
        ({"choice_temperature": float("nan")}, "choice temperature must be from 0"),
        ({"guidance_scale": -1.0}, "guidance scale must be from 0"),
        ({"sampling_temperature": 1e30}, "sampling temperature must be from 0"),
        ({"seed": -1}, "`seed` must be an int"),
        ({"task": "<script>"}, "`task` must be one of"),
        ({"task": "class_generation", "label": 5}, r"`labels` must lie in \[0, 5\)"),
        ({"painted": np.zeros((16, 16), bool)}, "Paint a part of the frame"),
        ({"painted": np.ones((16, 16), bool)}, "Paint a part of the frame"),
    ],
)
def test_wishes_that_cannot_be_fulfilled(shared_model, clip, wish, text):
    wish = Wish(**{"task": "central_inpainting", **wish})
    with pytest.raises(ValueError, match=text):
        list(play(shared_model, wish, clip, Limits()))


def test_whoever_leaves_stops_the_decoding(shared_model, clip):
    before = threading.active_count()
    views = play(shared_model, Wish("FP", num_steps=60), clip, Limits())
    assert next(views).step == 1
    views.close()
    assert threading.active_count() == before


def test_regions_are_painted_for_parts_of_frames(shared_model):
    painted = {name for name in shared_model.tasks if takes_region(name)}
    assert painted == {
        *("central_outpainting", "vertical_outpainting", "horizontal_outpainting"),
        *("dynamic_outpainting", "central_inpainting", "dynamic_inpainting"),
    }
