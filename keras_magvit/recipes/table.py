"""The recipes by name."""

from keras_magvit.recipes.tokenizer import TokenizerRecipe

TOKENIZER = {
    "paper": TokenizerRecipe(lecam_weight=0.001),
    "released": TokenizerRecipe(padding="same"),
}


def tokenizer(recipe):
    """A `TokenizerRecipe` by name, or the given one itself."""
    if isinstance(recipe, TokenizerRecipe):
        return recipe
    if recipe not in TOKENIZER:
        raise ValueError(
            f"`recipe` must be one of {sorted(TOKENIZER)} or a TokenizerRecipe. "
            f"Received: recipe={recipe!r}"
        )
    return TOKENIZER[recipe]
