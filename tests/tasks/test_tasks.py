"""Conditions of every task against the official code and the paper's table."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keras_magvit as km
from keras_magvit.tasks import Box, Frames, GivenMask, VideoTask

OFFICIAL = {
    "frame_prediction": "frame_prediction",
    "frame_interpolation": "frame_interpolation",
    "outpainting_h": "horizontal_outpainting",
    "outpainting_v": "vertical_outpainting",
    "outpainting_c": "central_outpainting",
    "outpainting_dv": "dynamic_outpainting",
    "inpainting_c": "central_inpainting",
    "inpainting_dv": "dynamic_inpainting",
    "frame_prediction_c5": "frame_prediction",
    "frame_prediction_c5_l2": "frame_prediction",
}


def arrays(condition):
    return [keras.ops.convert_to_numpy(x) for x in condition]


@pytest.mark.parametrize("official", list(OFFICIAL))
def test_equals_official(golden, parity, parity_exact, official):
    data = golden("cond")
    kwargs = data.meta["tasks"][official]["kwargs"]
    task = km.tasks.get(
        OFFICIAL[official],
        num_frames=int(kwargs.get("cond_frames", 1)),
        num_latent_frames=int(kwargs.get("cond_latent_frames", 1)),
    )
    latent_shape = data.meta["latent_shape"]
    video, video_mask, latent_mask = task.condition(data["input"], latent_shape)
    parity(f"condition: {task.name}", video, data[f"{official}/video"], 1e-6)
    for mask, name in ((video_mask, "video_mask"), (latent_mask, "latent_mask")):
        parity_exact(f"condition: {task.name}", mask, data[f"{official}/{name}"])


# The paper's Appendix B.1: masked pixels and masked tokens in percent.
PAPER = {
    "FP": (94, 75),
    "FI": (87, 50),
    "OPC": (75, 75),
    "OPV": (50, 50),
    "OPH": (50, 50),
    "OPD": (50, 50),
    "IPC": (25, 25),
    "IPD": (25, 25),
    "CG": (100, 100),
    "CFP": (94, 75),
}


@pytest.mark.parametrize("short", list(PAPER))
def test_shares_equal_the_papers_table(short):
    task = km.tasks.get(short)
    video = np.zeros((1, 16, 64, 64, 3), "float32")
    _, video_mask, latent_mask = arrays(task.condition(video, (4, 16, 16)))
    hidden = 100 * (1 - np.broadcast_to(video_mask, (1, 16, 64, 64, 1)).mean())
    tokens = 100 * (1 - np.broadcast_to(latent_mask, (1, 4, 16, 16)).mean())
    assert hidden == pytest.approx(PAPER[short][0], abs=0.51)
    assert tokens == pytest.approx(PAPER[short][1], abs=0.01)


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(km.tasks.names()[:10]),
    t=st.integers(2, 4),
    h=st.integers(2, 5),
    w=st.integers(2, 5),
    seed=st.integers(0, 99),
)
def test_given_pixels_stand_exactly_on_any_size(name, t, h, w, seed):
    video = np.random.default_rng(seed).random((2, t * 2, h * 4, w * 4, 3), "float32")
    task = km.tasks.get(name)
    made, video_mask, latent_mask = arrays(task.condition(video, (t, h, w)))
    given = np.broadcast_to(video_mask, video.shape)
    np.testing.assert_array_equal(made[given], video[given])
    assert made.shape == video.shape
    assert np.isfinite(made).all()
    assert latent_mask.dtype == bool
    np.broadcast_shapes(latent_mask.shape, (2, t, h, w))


@pytest.mark.parametrize(
    ("frames", "cells"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (15, 4)]
)
def test_every_latent_frame_that_sees_a_given_frame_counts(frames, cells):
    """Deviation: the official code takes 1 whatever the number of frames."""
    task = km.tasks.get("FP", num_frames=frames)
    condition = task.condition(np.zeros((1, 16, 8, 8, 3), "float32"), (4, 2, 2))
    assert arrays(condition)[2].sum() == cells


def test_frame_prediction_repeats_the_last_given_frame():
    video = np.random.default_rng(0).random((1, 8, 4, 4, 3), "float32")
    made = arrays(km.tasks.get("FP", num_frames=3).condition(video, (2, 1, 1)))[0]
    np.testing.assert_array_equal(made[:, :3], video[:, :3])
    np.testing.assert_array_equal(made[:, 3:], np.repeat(video[:, 2:3], 5, axis=1))


def test_interpolation_is_linear_between_the_ends():
    video = np.random.default_rng(0).random((1, 8, 2, 2, 3), "float32")
    made = arrays(km.tasks.get("FI", num_frames=2).condition(video, (2, 1, 1)))[0]
    for i in range(1, 7):
        weight = (i - 1) / 5
        expected = (1 - weight) * video[:, 1] + weight * video[:, 6]
        np.testing.assert_allclose(made[:, i], expected, atol=1e-6)


def test_a_moving_box_is_evaluated_on_each_grid_not_pooled():
    task = km.tasks.get("OPD")
    video = np.zeros((1, 16, 32, 32, 3), "float32")
    _, video_mask, latent_mask = arrays(task.condition(video, (4, 8, 8)))
    pixels = np.broadcast_to(video_mask[..., 0], (1, 16, 32, 32))
    pooled = pixels.reshape(1, 4, 4, 8, 4, 8, 4).any(axis=(2, 4, 6))
    assert (pooled != np.broadcast_to(latent_mask, (1, 4, 8, 8))).any()


def test_a_moving_box_rounds_halves_as_the_reference():
    """jax.numpy.linspace(0, 25, 7)[3] is a little above one half."""
    assert Box(moving=True).bounds(7, 8, 50)[2].tolist() == [0, 4, 8, 13, 17, 21, 25]


def test_a_region_may_leave_axes_out():
    class Top(km.tasks.Region):
        def mask(self, frames, height, width):
            return np.arange(height)[:, None] < height // 2

    video = np.ones((3, 4, 8, 8, 3), "float32")
    made, _, latent_mask = arrays(VideoTask("top", Top()).condition(video, (3, 2, 2)))
    assert made[:, :, :4].all()
    assert not made[:, :, 4:].any()
    assert latent_mask.shape == (3, 1, 2, 1)


def test_a_mask_of_one_s_own():
    rng = np.random.default_rng(0)
    video = rng.random((2, 4, 16, 16, 3), "float32")
    mask = rng.random((4, 16, 16)) < 0.02
    task = km.tasks.get("IPC").with_mask(mask)
    made, video_mask, latent_mask = arrays(task.condition(video, (2, 4, 4)))
    np.testing.assert_array_equal(made, video * mask[None, ..., None])
    np.testing.assert_array_equal(video_mask[0, ..., 0], mask)
    pooled = mask.reshape(2, 2, 4, 4, 4, 4).any(axis=(1, 3, 5))
    np.testing.assert_array_equal(latent_mask[0], pooled)


def test_a_flat_mask_holds_for_all_frames():
    mask = np.zeros((8, 8), bool)
    mask[:4] = True
    task = VideoTask("top", GivenMask(mask))
    video = np.ones((1, 4, 8, 8, 3), "float32")
    made, _, latent_mask = arrays(task.condition(video, (2, 2, 2)))
    assert made[:, :, :4].all()
    assert not made[:, :, 4:].any()
    assert latent_mask.tolist() == [[[[True, True], [False, False]]]]


def test_register_a_task_of_one_s_own():
    task = VideoTask("left_half", Box(columns=(0, 2)), "edge")
    km.tasks.register(task)
    try:
        assert km.tasks.get("left_half") == task
        video = np.random.default_rng(0).random((1, 2, 4, 8, 3), "float32")
        made = arrays(km.tasks.get("left_half").condition(video, (1, 1, 2)))[0]
        np.testing.assert_array_equal(made[..., :4, :], video[..., :4, :])
        border = np.repeat(video[..., 3:4, :], 4, axis=3)
        np.testing.assert_array_equal(made[..., 4:, :], border)
        with pytest.raises(ValueError, match="overwrite=True"):
            km.tasks.register(task)
    finally:
        km.tasks.registry._tasks.pop("left_half")


def test_a_padding_of_one_s_own():
    def grey(video, mask, region):
        return keras.ops.where(mask, video, 0.5)

    task = VideoTask("grey", Frames(1), grey)
    video = np.zeros((1, 4, 4, 4, 3), "float32")
    made = arrays(task.condition(video, (1, 1, 1)))[0]
    assert not made[:, 0].any()
    assert (made[:, 1:] == 0.5).all()


VIDEO = np.zeros((1, 4, 8, 8, 3), "float32")


@pytest.mark.parametrize(
    "call",
    [
        lambda: km.tasks.get("frame_extrapolation"),
        lambda: km.tasks.get(None),
        lambda: km.tasks.get("FP", num_frames=4).condition(VIDEO, (2, 2, 2)),
        lambda: km.tasks.get("FP", num_frames=0).condition(VIDEO, (2, 2, 2)),
        lambda: km.tasks.get("FI", num_frames=2).condition(VIDEO, (2, 2, 2)),
        lambda: km.tasks.get("FP").condition(VIDEO[0], (2, 2, 2)),
        lambda: km.tasks.get("FP").condition(VIDEO + 2, (2, 2, 2)),
        lambda: km.tasks.get("FP").condition(VIDEO, (2, 2)),
        lambda: km.tasks.register("left_half"),
        lambda: VideoTask("x", Frames(1), "wrap"),
        lambda: VideoTask("x", Box(moving=True), "edge").condition(VIDEO, (2, 2, 2)),
        lambda: VideoTask("x", Box(), "interpolate").condition(VIDEO, (2, 2, 2)),
        lambda: GivenMask(np.zeros((4, 4))),
        lambda: GivenMask(np.zeros((1, 4, 8, 8), bool)),
        lambda: VideoTask("x", GivenMask(np.ones((8, 8), bool))).condition(
            VIDEO, (2, 2, 2)
        ),
        lambda: VideoTask("x", GivenMask(np.zeros((9, 8), bool))).condition(
            VIDEO, (2, 2, 2)
        ),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError, match="Received: "):
        call()


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="graphs of an unknown batch"
)
@pytest.mark.parametrize("name", km.tasks.names())
def test_conditions_are_traced_without_knowing_the_batch(name, clips):
    import tensorflow as tf

    task, video = km.tasks.get(name), clips(3)
    spec = tf.TensorSpec((None, *video.shape[1:]), "float32")
    condition = tf.function(
        lambda x: tuple(task.condition(x, (2, 4, 4))),
        input_signature=[spec],
        autograph=False,
    )
    pairs = zip(condition(video), task.condition(video, (2, 4, 4)), strict=True)
    for traced, expected in pairs:
        np.testing.assert_array_equal(traced, expected)
