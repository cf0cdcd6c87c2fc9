"""Scripts: what they tell the hand is what their name says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_magvit.data.simulation.motions import HIGH, LOW, MOTIONS, REACH, script
from keras_magvit.data.simulation.scene import TRAY, draw_places

from .labels import label_of


@pytest.mark.parametrize("motion", MOTIONS)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), num_frames=st.integers(24, 40))
def test_the_label_can_be_told_from_the_actions(motion, seed, num_frames):
    plan = script(motion, np.random.default_rng(seed), num_frames)
    assert label_of(plan.actions) == motion


@pytest.mark.parametrize("motion", MOTIONS)
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_actions_lead_along_a_path_inside_the_tray(motion, seed):
    plan = script(motion, np.random.default_rng(seed), 30)
    assert plan.actions.shape == (30, 4) and plan.actions.dtype == np.float32
    walked = plan.path[0] + np.cumsum(plan.actions[:-1, :3], axis=0)
    np.testing.assert_allclose(walked, plan.path[1:], atol=1e-5)
    assert not plan.actions[-1, :3].any()
    # The hand keeps its own half width from the walls.
    assert (np.abs(plan.path[:, :2]) < np.array(TRAY) / 2 - 0.03).all()
    assert plan.path[:, 2].min() >= LOW - 1e-9
    assert plan.path[0, 2] > LOW + 0.7 * (HIGH - LOW)
    # No faster than 0.65 m a second: 8 pixels a frame.
    assert np.linalg.norm(np.diff(plan.path, axis=0), axis=1).max() < 0.065


def test_all_classes_differ_within_one_draw():
    found = [label_of(script(m, np.random.default_rng(7), 30).actions) for m in MOTIONS]
    assert found == list(MOTIONS) and len(set(found)) == 8


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(3, 8))
def test_things_lie_apart_and_not_under_the_hand(seed, count):
    generator = np.random.default_rng(seed)
    target = generator.uniform(-1, 1, 2) * REACH
    places = np.array(draw_places(generator, count, target, np.array([0.0, 0.0])))
    assert 3 <= len(places) <= count
    assert (places[0] == target).all()
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    assert (apart[~np.eye(len(places), dtype=bool)] > 0.099).all()
    assert (np.linalg.norm(places[1:], axis=1) > 0.099).all()
    assert (np.abs(places) < np.array(TRAY) / 2).all()
