"""JAX: train steps for TPU and CUDA, lowered on this machine."""

import math
import re

import keras
import pytest

import keras_magvit as km
from keras_magvit import recipes
from tests.distribution import training

if keras.config.backend() != "jax":
    pytest.skip("JAX lowers for devices that are not there", allow_module_level=True)

from tests.distribution.lowering import lowered, shapes_alone

# What JAX calls for CPUs alone: see `keras_magvit/backend/jax.py`.
CPU_FORMULATION = re.compile(r"@cpu_\w+")
CONVOLUTION = re.compile(
    r"stablehlo\.convolution.*?dim_numbers = \[(.*?)\]x\[(.*?)\]", re.S
)
PLATFORMS = ("tpu", "cuda")
VIDEO_128 = (16, 128, 128)


def _stage_1(size=None, video_shape=training.VIDEO, dtype=None):
    """`(trainer, batch)`."""
    if size is None:
        tokenizer = km.VideoTokenizer(**training.TOKENIZER, dtype=dtype)
        discriminator = km.VideoDiscriminator(8, (2,), video_shape, dtype=dtype)
    else:
        tokenizer = km.VideoTokenizer.from_size(size, video_shape=video_shape)
        discriminator = km.VideoDiscriminator.from_size(size, video_shape=video_shape)
    recipe = recipes.tokenizer("paper").replace(perceptual=None)
    trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, recipe)
    trainer.compile(steps=1000, warmup_steps=10)
    return trainer, [((2, *video_shape, 3), "float32")]


def _stage_2(size=None, video_shape=training.VIDEO, dtype=None):
    """`(model, batch)`; without dropout on the weights attention is the fused kernel."""
    if size is None:
        tokenizer = km.VideoTokenizer(**training.TOKENIZER)
        transformer = {**training.TRANSFORMER, "attention_dropout": 0.0}
    else:
        tokenizer = km.VideoTokenizer.from_size(size, video_shape=video_shape)
        transformer = size
    model = km.MAGVIT(tokenizer, transformer, tasks=("frame_prediction",), dtype=dtype)
    model.compile(steps=1000, warmup_steps=10)
    cells = (2, model.sequence.num_latents)
    batch = [((2, model.sequence.length), "int32"), (cells, "int32"), (cells, "int32")]
    return model, batch


def _check(text):
    assert not CPU_FORMULATION.search(text)
    return [
        [len(re.findall(r"\b\d+\b", numbers)) for numbers in found.groups()]
        for found in CONVOLUTION.finditer(text)
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_stage_1_keeps_its_convolutions_whole(platform, monkeypatch):
    """Three axes each, forward and back: no formulation of a CPU's."""
    with shapes_alone(monkeypatch):
        trainer, batch = _stage_1()
    axes = _check(lowered(trainer, batch, platform))
    assert len(axes) > 50
    assert all(pair == [3, 3] for pair in axes)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_stage_2_takes_the_fused_attention(platform, monkeypatch):
    """Float16 on a CPU is another formulation: its name must be gone elsewhere."""
    with shapes_alone(monkeypatch):
        model, batch = _stage_2(dtype="mixed_float16")
    assert _check(lowered(model, batch, platform)) == []


def test_a_formulation_for_cpus_would_be_noticed(monkeypatch):
    with shapes_alone(monkeypatch):
        model, batch = _stage_2(dtype="mixed_float16")
    assert CPU_FORMULATION.search(lowered(model, batch, "cpu"))


@pytest.mark.heavy
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("size", ["base", "large"])
def test_the_papers_sizes(size, platform, monkeypatch):
    """B and L at 128 pixels, both stages: no weight is ever in memory."""
    parameters = {"base": (41e6, 87e6), "large": (158e6, 306e6)}[size]
    with shapes_alone(monkeypatch):
        trainer, batch = _stage_1(size, VIDEO_128)
    axes = _check(lowered(trainer, batch, platform))
    assert len(axes) > 100 and all(pair == [3, 3] for pair in axes)
    assert _count(trainer.tokenizer) == pytest.approx(parameters[0], rel=0.05)
    with shapes_alone(monkeypatch):
        model, batch = _stage_2(size, VIDEO_128)
    assert _check(lowered(model, batch, platform)) == []
    assert _count(model.transformer) == pytest.approx(parameters[1], rel=0.05)


def _count(model):
    return sum(math.prod(v.shape) for v in model.trainable_variables)
