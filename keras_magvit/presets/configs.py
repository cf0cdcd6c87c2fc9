"""A row of the table as the tree that config.json would hold."""

from keras_magvit.presets.table import PRESETS

MODULES = {
    "MAGVIT": "keras_magvit.models.magvit",
    "VideoTokenizer": "keras_magvit.models.tokenizer",
}


def tree(row):
    """What `keras.saving.deserialize_keras_object` builds the row's model from.

    No dtype is named, so that a model without weights follows the global policy.

    Args:
        row: a `table.Preset`.

    Returns:
        A nested dict of plain values.
    """
    config = dict(row.config)
    if row.tokenizer:
        config["tokenizer"] = tree(PRESETS[row.tokenizer])
    return {
        "module": MODULES[row.kind],
        "class_name": row.kind,
        "config": config,
        "registered_name": f"keras_magvit>{row.kind}",
    }
