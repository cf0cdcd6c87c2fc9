"""The recipes by name, and what the paper changes in them for a dataset and a size."""

from keras_magvit.recipes.tokenizer import TokenizerRecipe
from keras_magvit.recipes.transformer import TransformerRecipe

# === Stage 1 =========================================================================

TOKENIZER = {
    "paper": TokenizerRecipe(lecam_weight=0.001),
    "released": TokenizerRecipe(padding="same"),
    # Learns a few clips by heart: for tests.
    "tiny": TokenizerRecipe(
        reconstruction_weight=100.0,
        adversarial_weight=0.02,
        quantizer_weight=0.1,
        perceptual=None,
        r1_examples=1,
        lecam_weight=0.001,
        average_decay=0.97,  # of a few dozen steps
        learning_rate=4e-3,
        beta_1=0.9,
        warmup_epochs=0.0,
        epochs=1,
        batch_size=4,
        codebook_start="k-means",
        restart_after=20,
    ),
    # Moving digits, in minutes on a CPU.
    "micro": TokenizerRecipe(
        # Most pixels are black: errors are small, and few codes should be busy.
        reconstruction_weight=10.0,
        adversarial_weight=0.02,
        quantizer_weight=0.1,
        perceptual=None,
        r1_examples=2,
        lecam_weight=0.001,
        average_decay=0.99,
        learning_rate=2e-3,
        beta_1=0.9,
        warmup_epochs=0.01,
        epochs=1,
        batch_size=8,
        codebook_start="k-means",
        restart_after=100,
    ),
}

# === Stage 2 =========================================================================

TRANSFORMER = {
    "paper": TransformerRecipe(),
    # Counts one latent frame as given, however many frames are; shares prompts.
    "released": TransformerRecipe(released_prompts=True, condition_latent_frames=1),
    # Learns a few clips by heart: for tests.
    "tiny": TransformerRecipe(
        mask_sampling="example",
        task_sampling="example",
        learning_rate=3e-3,
        warmup_steps=0,
        weight_decay=0.0,
        epochs=1,
        batch_size=8,
        dropout=0.0,
    ),
    # Moving digits, in minutes on a CPU.
    "micro": TransformerRecipe(
        mask_sampling="example",
        task_sampling="example",
        class_dropout=0.1,
        learning_rate=1e-3,
        warmup_steps=200,
        epochs=20,
        batch_size=32,
        dropout=0.0,
    ),
}

# === Appendix B.2: epochs and batch sizes ============================================

BATCH_SIZES = {
    "tokenizer": {"base": 128, "large": 256},
    "transformer": {"base": 256, "large": 256},
}
# dataset: ((tokenizer base, large), (transformer base, large)). "bair_mt8" is BAIR with
# eight tasks; SSv2 and the web videos have one row for all their models.
EPOCHS = {
    "ucf101": ((500, 2000), (2000, 2000)),
    "bair": ((400, 800), (400, 800)),
    "bair_mt8": ((400, 800), (1200, 1600)),
    "k600": ((45, 180), (180, 360)),
    "ssv2": ((135, 400), (720, 1440)),
    "nuscenes": ((1280, 5120), (2560, 10240)),
    "objectron": ((1000, 2000), (1000, 2000)),
    "web": ((5, 20), (10, 20)),
}
_ALSO_CALLED = {"kinetics600": "k600"}
_STAGES = ("tokenizer", "transformer")
_SIZES = ("base", "large")


def tokenizer(recipe="paper", dataset=None, size="base"):
    """A recipe of stage 1.

    Args:
        recipe: name, or a `TokenizerRecipe`, which is returned as it is.
        dataset: name of one of the paper's datasets, for its epochs and batch size; None
            leaves the recipe's own.
        size: "base" or "large"; read with a dataset.

    Returns:
        A `TokenizerRecipe`.

    Raises:
        ValueError: if there is no such recipe, dataset or size.

    Example:
        >>> km.recipes.tokenizer("paper", dataset="bair").epochs
        400

    Reference:
        MAGVIT, Appendix B.2.
    """
    return _find(recipe, TokenizerRecipe, TOKENIZER, "tokenizer", dataset, size)


def transformer(recipe="paper", dataset=None, size="base"):
    """A `TransformerRecipe` of stage 2; arguments as of `tokenizer`.

    Example:
        >>> km.recipes.transformer("paper", dataset="k600", size="large").epochs
        360
    """
    return _find(recipe, TransformerRecipe, TRANSFORMER, "transformer", dataset, size)


def _find(recipe, kind, table, stage, dataset, size):
    if isinstance(recipe, kind):
        return recipe
    if not isinstance(recipe, str) or recipe not in table:
        raise ValueError(
            f"`recipe` must be one of {sorted(table)} or a {kind.__name__}. "
            f"Received: recipe={recipe!r}"
        )
    if dataset is None:
        return table[recipe]
    dataset = _ALSO_CALLED.get(dataset, dataset)
    if dataset not in EPOCHS:
        raise ValueError(
            f"`dataset` must be one of {sorted(EPOCHS)}. Received: dataset={dataset!r}"
        )
    if size not in _SIZES:
        raise ValueError(f"`size` must be one of {_SIZES}. Received: size={size!r}")
    return table[recipe].replace(
        epochs=EPOCHS[dataset][_STAGES.index(stage)][_SIZES.index(size)],
        batch_size=BATCH_SIZES[stage][size],
    )
