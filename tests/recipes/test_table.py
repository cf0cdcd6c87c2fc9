"""Appendix B.2, and what differs between the paper and its released code."""

import pytest

from keras_magvit import recipes

# Appendix B.2: dataset, size, (epochs, batch size) of both stages.
ROWS = [
    ("ucf101", "base", (500, 128), (2000, 256)),
    ("ucf101", "large", (2000, 256), (2000, 256)),
    ("bair", "base", (400, 128), (400, 256)),
    ("bair", "large", (800, 256), (800, 256)),
    ("bair_mt8", "base", (400, 128), (1200, 256)),
    ("bair_mt8", "large", (800, 256), (1600, 256)),
    ("k600", "base", (45, 128), (180, 256)),
    ("kinetics600", "large", (180, 256), (360, 256)),
    ("ssv2", "base", (135, 128), (720, 256)),
    ("ssv2", "large", (400, 256), (1440, 256)),
    ("nuscenes", "base", (1280, 128), (2560, 256)),
    ("nuscenes", "large", (5120, 256), (10240, 256)),
    ("objectron", "base", (1000, 128), (1000, 256)),
    ("objectron", "large", (2000, 256), (2000, 256)),
    ("web", "base", (5, 128), (10, 256)),
    ("web", "large", (20, 256), (20, 256)),
]


@pytest.mark.parametrize(("dataset", "size", "tokenizer", "transformer"), ROWS)
def test_rows_of_the_paper(dataset, size, tokenizer, transformer):
    for name in ("paper", "released"):
        first = recipes.tokenizer(name, dataset, size)
        second = recipes.transformer(name, dataset, size)
        assert (first.epochs, first.batch_size) == tokenizer
        assert (second.epochs, second.batch_size) == transformer


def test_optimizer_of_the_paper():
    recipe = recipes.transformer("paper")
    assert (recipe.learning_rate, recipe.warmup_steps) == (1e-4, 5000)
    assert (recipe.beta_1, recipe.beta_2) == (0.9, 0.96)
    assert (recipe.weight_decay, recipe.clip_norm) == (0.045, 1.0)
    assert (recipe.label_smoothing, recipe.dropout) == (1e-4, 0.1)
    assert (recipe.weights, recipe.schedule) == ("mask+refine+recons", "cosine")


def test_released_differs_from_the_paper():
    paper, released = recipes.transformer("paper"), recipes.transformer("released")
    changes = {"released_prompts": True, "condition_latent_frames": 1}
    assert released == paper.replace(**changes)
    paper, released = recipes.tokenizer("paper"), recipes.tokenizer("released")
    assert (paper.padding, released.padding) == ("reflect", "same")
    assert paper.lecam_weight > 0 == released.lecam_weight


def test_a_recipe_of_ones_own_is_taken_as_it_is():
    own = recipes.TransformerRecipe(epochs=3)
    assert recipes.transformer(own, "ucf101") is own


@pytest.mark.parametrize(
    "arguments", [("fast",), (7,), ("paper", "imagenet"), ("paper", "bair", "huge")]
)
@pytest.mark.parametrize("stage", ["tokenizer", "transformer"])
def test_unknown_names(stage, arguments):
    with pytest.raises(ValueError, match="must be one of .* Received: "):
        getattr(recipes, stage)(*arguments)
