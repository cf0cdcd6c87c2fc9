"""Mask-ratio curves against the official ones and their formulas."""

import numpy as np
import pytest

from keras_magvit.ops import schedule

METHODS = [
    "uniform",
    "cosine",
    "pow1",
    "pow2",
    "pow2.5",
    "pow3",
    "pow0.5",
    "log",
    "exp",
    "poly:0.5,-1.5,1.0",
]


@pytest.mark.parametrize("name", METHODS)
def test_equals_official(golden, parity, name):
    data = golden("masks")
    ratio = schedule.mask_ratio(data["ratio_grid"], int(data["total_unknown"]), name)
    assert ratio.dtype == np.float32
    parity(f"mask schedule {name}", ratio, data[f"schedule/{name}"], 1e-6)


def test_count_follows_float32():
    """floor(1024 cos(pi/2 * 8/12)) is 511 in float32, 512 in float64."""
    ratio = schedule.mask_ratio(np.float32(8) / np.float32(12), 1024, "cosine")
    assert np.floor(np.float32(1024) * ratio) == 511


def test_step_ratios_round_as_the_compiled_loop():
    """Product with the float32 reciprocal: 255 of 1024 after 9 of 12 uniform steps."""
    uniform = schedule.step_ratio(8, 12, 1024, "uniform")
    assert np.floor(np.float32(1024) * uniform) == 255
    cosine = schedule.step_ratio(7, 12, 1024, "cosine")
    assert np.floor(np.float32(1024) * cosine) == 511


@pytest.mark.parametrize("case", ["cosine12", "exp12", "uniform6_t0", "cond_input8"])
def test_step_ratios_equal_the_official_traces_to_the_bit(golden, case):
    data = golden("decode")
    recorded, facts = data[f"{case}/mask_ratio"], data.meta["cases"][case]
    steps = len(recorded)
    ours = [schedule.step_ratio(s, steps, 32, facts["schedule"]) for s in range(steps)]
    np.testing.assert_array_equal(np.array(ours, "float32"), recorded)


@pytest.mark.parametrize("name", METHODS)
def test_starts_full_ends_empty_and_never_rises(name):
    progress = np.linspace(0, 1, 101)
    ratio = schedule.mask_ratio(progress, 1024, name)
    assert ratio[0] == pytest.approx(1, abs=2e-3)
    assert ratio[-1] == np.float32(1e-6)
    assert (np.diff(ratio) <= 0).all()


@pytest.mark.parametrize(
    "name", ["sine", "pow", "powx", "poly:", "poly:a", "pownan", None, 3]
)
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match="Received: schedule="):
        schedule.mask_ratio(0.5, 16, name)
