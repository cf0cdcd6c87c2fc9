"""Rematerialization: the same gradients, dropout included, from less memory."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_magvit as km
from keras_magvit import backend
from keras_magvit.layers.remat import rematerialized_call
from keras_magvit.layers.transformer import TransformerBlock

NUM_BLOCKS = 4


def _blocks(dropout=0.3):
    keras.utils.set_random_seed(0)
    blocks = [TransformerBlock(2, 64, dropout, dropout) for _ in range(NUM_BLOCKS)]
    for block in blocks:
        block.build((None, None, 32))
    return blocks


def _loss(blocks, x, remat):
    for block in blocks:
        call = rematerialized_call if remat else type(block).__call__
        x = call(block, x, training=True)
    return ops.mean(ops.square(x))


def _states(blocks):
    return [v for block in blocks for v in block.non_trainable_variables]


def _to_numpy(values):
    return [np.array(ops.convert_to_numpy(v)) for v in values]


def test_gradients_are_those_of_the_plain_pass():
    """Both passes of a block must drop the same, and the next block something else."""
    x = np.random.default_rng(0).normal(size=(2, 12, 32)).astype("float32")
    seen = []
    for remat in (False, True):
        blocks = _blocks()
        before = _to_numpy(_states(blocks))
        variables = [v for block in blocks for v in block.trainable_variables]
        if keras.config.backend() == "jax":  # states move inside a scope alone
            loss, gradients = _stateless(blocks, variables, x, remat)
        else:
            loss, gradients = backend.value_and_gradients(
                lambda b=blocks, r=remat: _loss(b, x, r), variables
            )
            after = _to_numpy(_states(blocks))
            moved = [(a != b).any() for a, b in zip(before, after, strict=True)]
            # PyTorch's dropout draws from its own generator.
            assert all(moved) or keras.config.backend() == "torch"
        seen.append((float(loss), _to_numpy(gradients)))
    (plain, expected), (again, actual) = seen
    assert again == pytest.approx(plain, rel=1e-6)
    scale = max(np.abs(g).max() for g in expected)  # a key's bias has no gradient
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6 * scale)


def _stateless(blocks, variables, x, remat):
    import jax

    states = _states(blocks)
    held = [v.value for v in states]

    def loss_of(values):
        pairs = [*zip(variables, values, strict=True), *zip(states, held, strict=True)]
        with keras.StatelessScope(pairs) as scope:
            loss = _loss(blocks, x, remat)
            return loss, [scope.get_current_value(v) for v in states]

    grad = jax.jit(jax.value_and_grad(loss_of, has_aux=True))
    (loss, updated), gradients = grad([v.value for v in variables])
    assert all((a != b).any() for a, b in zip(updated, held, strict=True))
    return loss, gradients


def test_tokenizer_blocks():
    """The encoder with and without it; the flag is what `compile` sets."""
    keras.utils.set_random_seed(0)
    tokenizer = km.VideoTokenizer(
        filters=8,
        channel_multipliers=(1, 2),
        temporal_downsample=(True,),
        embedding_dim=4,
        codebook_size=16,
        num_res_blocks=1,
        video_shape=(2, 8, 8),
    )
    video = np.random.default_rng(0).random((2, 2, 8, 8, 3), "float32")
    variables = tokenizer.encoder.trainable_variables
    seen = []
    for remat in (False, True):
        tokenizer.encoder.remat = remat
        loss, gradients = backend.value_and_gradients(
            lambda: ops.mean(ops.square(tokenizer.encoder(video))), variables
        )
        seen.append((float(loss), _to_numpy(gradients)))
    (plain, expected), (again, actual) = seen
    assert again == pytest.approx(plain, rel=1e-6)
    scale = max(np.abs(g).max() for g in expected)  # a key's bias has no gradient
    # JAX compiles the second pass as a whole: its sums are rounded in another order.
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-5 * scale)


@pytest.mark.skipif(keras.config.backend() != "jax", reason="JAX can be asked")
def test_what_the_backward_pass_holds_is_less():
    """By the residuals of the pull-back: inputs of blocks, in place of all inside."""
    import jax

    blocks = _blocks(dropout=0.0)
    variables = [v for block in blocks for v in block.trainable_variables]
    x = np.zeros((4, 128, 32), "float32")
    weights = sum(v.value.nbytes for v in variables)

    def bytes_of(remat):
        def loss_of(values):
            with keras.StatelessScope(zip(variables, values, strict=True)):
                return _loss(blocks, x, remat)

        def residuals(values):
            return jax.vjp(loss_of, values)[1]

        held = jax.tree.leaves(jax.eval_shape(residuals, [v.value for v in variables]))
        return sum(h.size * h.dtype.itemsize for h in held) - weights

    assert 0 < bytes_of(True) < 0.2 * bytes_of(False)
