"""Variables of a TensorFlow SavedModel or TF-Hub module, by name."""

import os

from keras_magvit.networks.weights import WeightsError


def read_saved_model(path):
    """Reads every variable of a folder with `variables/variables.index`.

    No graph is loaded, so nothing of the folder is run.

    Args:
        path: the folder.

    Returns:
        Name -> array.

    Raises:
        ImportError: if TensorFlow is not installed.
        WeightsError: if the folder has no variables or they are damaged.
    """
    prefix = os.path.join(path, "variables", "variables")
    if not os.path.isfile(f"{prefix}.index"):
        raise WeightsError(
            f"A SavedModel has variables/variables.index. Received: path={path!r}"
        )
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "Reading a SavedModel needs TensorFlow. Install it with: "
            'pip install "keras-magvit[tensorflow]"'
        ) from error
    try:
        reader = tf.train.load_checkpoint(prefix)
        names = reader.get_variable_to_shape_map()
        return {name: reader.get_tensor(name) for name in sorted(names)}
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"The variables are damaged: {error}. Received: path={path!r}"
        ) from error
