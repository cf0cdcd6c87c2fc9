"""The layout of the transformer's input, and back."""

import keras
import numpy as np
import pytest

import keras_magvit as km
from keras_magvit.models.sequence import TokenSequence
from keras_magvit.ops.masking import MASK

SHAPE = (2, 2, 3)
GRID = np.array([[0, 5, MASK, 1, 2, 3, MASK, 4, 5, 6, 7, 0]], "int32").reshape(
    1, *SHAPE
)


def array(x):
    return keras.ops.convert_to_numpy(x)


def test_multi_task_sequence():
    vocabulary = km.Vocabulary.multi_task(8, 3)
    sequence = TokenSequence(vocabulary, SHAPE)
    assert (sequence.prefix_length, sequence.length) == (2, 14)
    task = km.tasks.get("CG")
    prompt = sequence.prompt(task, np.array([1]), 1)
    assert prompt.tolist() == [[vocabulary.prompt("class_generation"), 8 + 1]]
    packed = array(sequence.pack(sequence.prefix(prompt, None, None), GRID))[0]
    flat = np.where(GRID.ravel() == MASK, vocabulary.mask, GRID.ravel())
    np.testing.assert_array_equal(packed, [*prompt[0], *flat])


def test_single_task_sequence_has_no_task_token():
    vocabulary = km.Vocabulary.single_task(8)
    sequence = TokenSequence(vocabulary, SHAPE)
    assert sequence.length == 13
    prompt = sequence.prompt(km.tasks.get("FP"), None, 2)
    assert prompt.tolist() == [[vocabulary.no_class]] * 2


def test_guidance_steers_away_from_unconditional_generation_without_class():
    vocabulary = km.Vocabulary.multi_task(8, 3)
    sequence = TokenSequence(vocabulary, SHAPE)
    prompt = sequence.unconditional_prompt(km.tasks.get("CFP"), 1)
    unconditional = vocabulary.prompt("unconditional_generation")
    assert prompt.tolist() == [[unconditional, vocabulary.no_class]]


def test_prefix_condition_stands_before_the_latents():
    vocabulary = km.Vocabulary(8, 0, num_special=2)
    sequence = TokenSequence(vocabulary, SHAPE, condition_frames=2)
    assert sequence.prefix_length == 1 + 12 + 1
    cond_ids = np.arange(12, dtype="int32").reshape(1, *SHAPE) % 8
    mask = np.zeros((1, 2, 1, 1), bool)
    mask[:, 0] = True
    prompt = sequence.prompt(km.tasks.get("FP"), None, 1)
    prefix = array(sequence.prefix(prompt, cond_ids, mask))[0]
    known = [*range(6), *[vocabulary.mask] * 6]
    expected = [vocabulary.no_class, *known, vocabulary.separator]
    np.testing.assert_array_equal(prefix, expected)


def test_shifted_sequence_predicts_each_id_from_the_one_before():
    """Autoregressive: the last id is not fed, the last prefix token predicts the first."""
    vocabulary = km.Vocabulary(8, 0, num_special=2)
    sequence = TokenSequence(vocabulary, SHAPE, shifted=True)
    prefix = keras.ops.convert_to_tensor(np.array([[9]], "int32"))
    ids = GRID.clip(0)
    packed = array(sequence.pack(prefix, ids))[0]
    np.testing.assert_array_equal(packed, [9, *ids.ravel()[:-1]])
    positions = array(sequence.latent_positions(packed[None, :, None]))[0, :, 0]
    np.testing.assert_array_equal(positions, packed)  # position i predicts ids[i]


@pytest.mark.parametrize("shifted", [False, True])
def test_unpack_keeps_the_codebook_and_the_grid(shifted):
    vocabulary = km.Vocabulary(8, 0, num_special=2)
    sequence = TokenSequence(vocabulary, SHAPE, condition_frames=1, shifted=shifted)
    size = (2, sequence.length, vocabulary.size)
    logits = np.random.default_rng(0).normal(size=size).astype("float32")
    latent = sequence.latent_positions(keras.ops.convert_to_tensor(logits))
    grid = array(sequence.unpack(latent))
    assert grid.shape == (2, *SHAPE, 8)
    first = sequence.prefix_length - shifted
    np.testing.assert_array_equal(
        grid.reshape(2, 12, 8), logits[:, first : first + 12, :8]
    )
