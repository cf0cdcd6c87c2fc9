"""Are two trainings the same? Relative differences of what they logged."""

import pytest

TOTALS = {"1": ("generator_total", "discriminator_total"), "2": ("loss",)}


def assert_same(stage, actual, expected):
    """The promise of each stage: stage 2 is smooth, stage 1 can amplify rounding."""
    assert set(actual) == set(expected)
    within = {"1": 1e-3, "2": 1e-5}[stage]
    for name in expected:
        # Every term at the first step, before Adam can amplify anything; LeCam's is a
        # difference of means that begins near zero, and a norm sums thousands.
        first = 1e-4 if name.endswith("norm") else 1e-5
        assert actual[name][0] == pytest.approx(expected[name][0], rel=first, abs=1e-7)
        if stage == "2" or name in TOTALS[stage]:
            assert actual[name] == pytest.approx(expected[name], rel=within)
    for name in TOTALS[stage]:
        assert len(expected[name]) == 10
        assert len(set(expected[name])) > 5  # something was learned
