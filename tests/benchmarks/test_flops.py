"""Counts of operations, against closed forms and against the programs of the stand-in."""

import functools
import math

import jax
import numpy as np
import pytest
from jax.interpreters import partial_eval

from benchmarks import flops, plain_jax, plain_jax_training
from benchmarks.case import Case
from keras_magvit.presets import shapes
from tests.conftest import once

pytestmark = once


def operations(case):
    return sum(flops.total(flops.of(case)).values())


# === Closed forms ====================================================================


@pytest.mark.parametrize("model", ["B", "L", "H"])
def test_a_forward_pass_is_the_formula_of_transformers(model):
    case = Case("forward", model=model, batch=3)
    c, length = case.transformer, 1026
    width, mlp = c["hidden_dim"], c["mlp_dim"]
    products = c["num_layers"] * (4 * width**2 + 2 * width * mlp)
    head = width**2 + width * (1024 + 174 + 17)
    attention = c["num_layers"] * 2 * length * width
    assert operations(case) == 2 * 3 * length * (products + head + attention)


def test_base_forward_pass_is_216_billion():
    assert operations(Case("forward")) == pytest.approx(216.2e9, rel=1e-3)


def test_a_step_of_decoding_predicts_the_latents_alone():
    case = Case("generate", steps=5)
    head = 2 * 768 * (768 + 1215)
    step = operations(case.replace(work="forward")) - head * 2  # prompt and class
    decode = operations(case.replace(work="decode"))
    assert operations(case) == 5 * step + decode


def test_training_the_transformer_is_three_forward_passes():
    case = Case("train-transformer", batch=2)
    step = operations(Case("generate", batch=2, steps=1))
    step -= operations(Case("decode", batch=2))
    assert operations(case) == 3 * step


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("model", ["B", "L"])
def test_convolutions_have_the_kernels_of_the_tokenizer(model, size):
    case = Case("encode", model=model, size=size)
    counted = [*flops.encoder(case), *flops.decoder(case)]
    mine = sorted((*c.kernel, c.inputs, c.outputs) for c in counted)
    pairs = shapes.tokenizer(**case.tokenizer)
    assert mine == sorted(shape for _, shape in pairs if len(shape) == 5)


def test_a_convolution_is_two_operations_a_tap():
    first = next(flops.encoder(Case("encode", batch=2, size=64)))
    assert first.flops == 2 * (2 * 16 * 64 * 64) * 27 * 3 * 64


@pytest.mark.parametrize(
    ("changes", "factor"), [({"batch": 4}, 4), ({"frames": 32}, 2), ({"size": 256}, 4)]
)
def test_convolutions_grow_with_the_pixels(changes, factor):
    case = Case("decode")
    assert operations(case.replace(**changes)) == factor * operations(case)


# === Against programs ================================================================


def counted(jaxpr):
    """Operations of the products and convolutions in a program."""
    total = 0
    for equation in jaxpr.eqns:
        shapes_in = [v.aval.shape for v in equation.invars]
        out = equation.outvars[0].aval
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            inner = math.prod(shapes_in[0][axis] for axis in contracted)
            total += 2 * math.prod(out.shape) * inner
        elif equation.primitive.name == "conv_general_dilated":
            layout = equation.params["dimension_numbers"].rhs_spec
            _, inputs, *taps = (shapes_in[1][axis] for axis in layout)
            total += 2 * math.prod(out.shape) * inputs * math.prod(taps)
        times = equation.params.get("length", 1)
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    total += times * counted(inner)
    return total


def program_operations(function, *arguments):
    """Operations of what a function's results need."""
    jaxpr = jax.make_jaxpr(function)(*arguments).jaxpr
    jaxpr, _ = partial_eval.dce_jaxpr(jaxpr, [True] * len(jaxpr.outvars))
    return counted(jaxpr)


def spec(*shape, dtype="float32"):
    return jax.ShapeDtypeStruct(shape, dtype)


def weights(pairs):
    return {name: spec(*shape) for name, shape in pairs}


CASE = Case("encode", model="tiny", frames=8, size=16, batch=2, padding="same", steps=3)
VIDEO = spec(2, 8, 16, 16, 3)
GRID = spec(2, *CASE.latent_shape, dtype="int32")


def test_encode_counts_what_the_program_computes():
    encode = functools.partial(plain_jax.encode, config=CASE.tokenizer)
    found = program_operations(
        lambda w, v: encode(w, video=v),
        weights(shapes.tokenizer(**CASE.tokenizer)),
        VIDEO,
    )
    assert operations(CASE) == found


def test_decode_counts_what_the_program_computes():
    found = program_operations(
        lambda w, ids: plain_jax.decode(w, CASE.tokenizer, ids),
        weights(shapes.tokenizer(**CASE.tokenizer)),
        GRID,
    )
    assert operations(CASE.replace(work="decode")) == found


def test_forward_counts_what_the_program_computes():
    config = CASE.transformer
    found = program_operations(
        lambda w, ids: plain_jax.transform(w, config, ids),
        weights(shapes.transformer(**config)),
        spec(2, CASE.length, dtype="int32"),
    )
    assert operations(CASE.replace(work="forward")) == found


def test_training_the_tokenizer_counts_what_the_program_computes():
    case = CASE.replace(work="train-tokenizer")
    configs = case.tokenizer, case.discriminator
    found = program_operations(
        lambda g, d, v, a: plain_jax_training.player_gradients(g, d, configs, v, a),
        weights(shapes.tokenizer(**configs[0])),
        weights(shapes.discriminator(**configs[1])),
        VIDEO,
        spec(2),
    )
    assert operations(case) == pytest.approx(found, rel=2e-3)


def test_training_the_transformer_counts_what_the_program_computes():
    case = CASE.replace(work="train-transformer")
    config, codes = case.transformer, case.tokenizer["codebook_size"]
    names = weights(shapes.transformer(**config))
    found = program_operations(
        jax.grad(lambda w, x, y: plain_jax_training.token_loss(w, config, x, y, codes)),
        names,
        spec(2, case.length, dtype="int32"),
        spec(2, case.num_latents, dtype="int32"),
    )
    # The stand-in predicts the prompt's positions too, as the official code does.
    more = 3 * 2 * 2 * 2 * 32 * (32 + config["vocabulary_size"])
    assert operations(case) + more == found


def test_total_splits_products_from_convolutions():
    sums = flops.total(flops.of(CASE))
    assert sums["matmul"] == 2 * 2 * CASE.num_latents * 16 * 64
    assert sums["conv"] == operations(CASE) - sums["matmul"]
    assert np.all([count > 0 for count in sums.values()])
