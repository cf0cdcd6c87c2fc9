"""Simulated videos: pure functions of their number, and objects that move."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from keras_magvit.data.simulation import MOTIONS, MOVED, simulate
from keras_magvit.data.simulation.look import draw_look

from .labels import label_of

pytest.importorskip("pybullet", reason="the simulator is the extra `sim`")


@pytest.fixture(scope="module")
def episodes():
    """Two videos of each class, in order."""
    return [simulate(0, "train", "fixed", index) for index in range(16)]


def test_shapes_and_ranges(episodes):
    for index, episode in enumerate(episodes):
        assert episode.video.shape == (30, 64, 64, 3)
        assert episode.video.dtype == np.uint8
        assert episode.action.shape == (30, 4) and episode.action.dtype == np.float32
        assert episode.hand.shape == (30, 3) and episode.hand.dtype == np.float32
        assert episode.label == index % 8


def test_the_same_number_gives_the_same_bytes_in_any_order_and_process(episodes):
    for index in (11, 3):
        again = simulate(0, "train", "fixed", index)
        assert again.video.tobytes() == episodes[index].video.tobytes()
        assert again.hand.tobytes() == episodes[index].hand.tobytes()
        assert again.displacement == episodes[index].displacement
    script = (
        "import hashlib; from keras_magvit.data.simulation import simulate; "
        "e = simulate(0, 'train', 'fixed', 7); "
        "print(hashlib.sha256(e.video.tobytes() + e.action.tobytes()).hexdigest())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.split()
    here = episodes[7].video.tobytes() + episodes[7].action.tobytes()
    assert printed == [hashlib.sha256(here).hexdigest()]


def test_labels_are_balanced_and_can_be_told_from_the_actions(episodes):
    names = [label_of(episode.action) for episode in episodes]
    assert names == [MOTIONS[episode.label] for episode in episodes]
    assert np.bincount([episode.label for episode in episodes]).tolist() == [2] * 8


def test_the_hand_goes_where_it_is_told(episodes):
    for episode in episodes:
        told = episode.hand[0] + np.cumsum(episode.action[:-1, :3], axis=0)
        assert np.abs(episode.hand[1:] - told).max() < 0.012


def test_objects_are_moved_and_lifted(episodes):
    moved = [episode.displacement > MOVED for episode in episodes]
    assert np.mean(moved) >= 0.8
    for episode in episodes:
        if MOTIONS[episode.label] == "lift":  # at least half as high as the hand went
            rise = episode.hand[:, 2].max() - episode.hand[:, 2].min()
            assert episode.displacement > 0.5 * rise > 0.05


def test_motion_is_seen_and_the_hand_does_not_fill_the_frame(episodes):
    for episode in episodes:
        changed = np.abs(np.diff(episode.video.astype(int), axis=0)).max(-1) > 40
        share = changed.mean(axis=(1, 2))
        assert share.mean() > 0.005 and share.max() < 0.2


def test_splits_seeds_and_configurations_are_streams_of_their_own(episodes):
    others = [
        simulate(0, "validation", "fixed", 0),
        simulate(1, "train", "fixed", 0),
        simulate(0, "train", "varied", 0),
    ]
    actions = {episode.action.tobytes() for episode in [episodes[0], *others]}
    assert len(actions) == 4


def test_the_varied_configuration_varies_what_the_fixed_one_keeps(episodes):
    draws = [
        [draw_look(np.random.default_rng(i), varied) for i in range(20)]
        for varied in (False, True)
    ]
    for name, jitter, spread in [("eye", 0.03, 0.1), ("light", 0.03, 0.1)]:
        fixed, varied = (np.array([getattr(x, name) for x in d]) for d in draws)
        assert 0 < fixed.std(axis=0).max() < jitter
        assert varied.std(axis=0).max() > spread
    for name in ("tray", "walls", "table"):
        fixed, varied = (np.array([getattr(x, name) for x in d]) for d in draws)
        assert fixed.std(axis=0).max() < 1e-9 < 0.03 < varied.std(axis=0).min()
    corners = np.array([episode.video[0, -1, 0] for episode in episodes], int)
    assert np.ptp(corners, axis=0).max() < 12  # the table, in steady light
    eyes = np.array([episode.eye for episode in episodes])
    assert 0 < eyes.std(axis=0).max() < 0.03


@pytest.mark.parametrize(
    "arguments",
    [(-1, "train", "fixed", 0), (0, "test", "fixed", 0), (0, "train", "wild", 0)],
)
def test_arguments_out_of_range_are_refused(arguments):
    with pytest.raises(ValueError, match="Received: "):
        simulate(*arguments)


@pytest.mark.heavy
def test_at_least_eight_in_ten_of_many_videos_move_an_object():
    for config in ("fixed", "varied"):
        moved = [
            simulate(0, "validation", config, index).displacement > MOVED
            for index in range(256)
        ]
        assert np.mean(moved) >= 0.8
