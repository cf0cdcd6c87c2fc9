"""Cases: what is offered, what follows from it, and how it is written down."""

import pytest

from benchmarks import case as cases
from benchmarks import run
from benchmarks.case import Case
from keras_magvit.presets import shapes
from keras_magvit.presets.table import PRESETS
from tests.conftest import once

pytestmark = once


def test_base_at_128_pixels_is_the_papers():
    case = Case("forward")
    assert case.latent_shape == (4, 16, 16)
    assert (case.num_latents, case.length) == (1024, 1026)
    preset = PRESETS["ssv2_mt10"]
    assert shapes.count(shapes.transformer(**case.transformer)) == (
        preset.transformer_parameters
    )
    assert (
        shapes.count(shapes.tokenizer(**case.tokenizer)) == preset.tokenizer_parameters
    )


def test_base_at_64_pixels_has_as_many_tokens():
    case = Case("encode", size=64)
    assert case.latent_shape == (4, 16, 16)
    assert case.strides == (4, 4, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"work": "bake"}, "work='bake'"),
        ({"backend": "mxnet"}, "backend='mxnet'"),
        ({"dtype": "int3"}, "dtype='int3'"),
        ({"model": "XXL"}, "model='XXL'"),
        ({"batch": 0}, "batch=0"),
        ({"size": 102}, r"video_shape=\(16, 102, 102\)"),
        ({"backend": "plain-jax", "dtype": "bfloat16"}, "dtype='bfloat16'"),
    ],
)
def test_refusals_say_what_was_received(changes, message):
    with pytest.raises(ValueError, match=f"Received: .*{message}"):
        Case(**{"work": "encode", **changes})


@pytest.mark.parametrize(
    "case",
    [
        Case("encode"),
        Case("generate", "torch", "bfloat16", "L", 64, 8, 2, 7, "same"),
        Case("train-transformer", remat=True),
    ],
)
def test_the_words_of_a_case_parse_to_the_case(case):
    options = run.parser().parse_args(case.arguments())
    assert cases.from_options(options) == case


def test_keys_tell_cases_apart():
    base = Case("encode")
    others = [base.replace(batch=2), base.replace(work="decode"), base.replace(size=64)]
    keys = {case.key for case in (base, *others)}
    assert len(keys) == 4
    assert Case("encode").key == base.key
