"""What a training is for: a preset."""

import keras
import numpy as np

from keras_magvit.training.attempt import Attempt
from keras_magvit.training.stepping import StepCallback


class ExportPreset(StepCallback):
    """Saves the result so far as a preset, every so often.

    A preset that cannot be written is warned of once, and the training goes on.

    Args:
        folder: the preset's; it appears whole or not at all.
        every_steps: steps between two.
        step: steps done before this `fit`.
    """

    def __init__(self, folder, every_steps, step=0):
        super().__init__(step)
        self.folder = folder
        self.every_steps = every_steps
        self._attempt = Attempt(f"The preset {str(folder)!r}")

    def on_train_batch_end(self, batch, logs=None):
        before = self.step
        super().on_train_batch_end(batch, logs)
        if self.step // self.every_steps > before // self.every_steps:
            with self._attempt:
                self.sync()
                result(self.model).save_to_preset(self.folder)


def result(model):
    """What a trained model leaves behind, in float32 whatever it was trained in.

    Args:
        model: a `VideoTokenizerTrainer`, of which the averaged tokenizer is taken, or a
            `MAGVIT`.

    Returns:
        A `VideoTokenizer` or a `MAGVIT`.
    """
    if hasattr(model, "averaged_tokenizer"):
        return in_float32(model.averaged_tokenizer())
    return in_float32(model)


def in_float32(model):
    """The model, or a copy that computes in float32 if it does not."""
    if model.dtype_policy.name == "float32":
        return model
    config = {**model.get_config(), "dtype": "float32"}
    parts = {name: in_float32(getattr(model, name)) for name in model.preset_parts}
    if parts:  # their weights come with them
        return type(model)(**{**config, **parts})
    copy = type(model).from_config(config)
    for target, source in zip(copy.variables, model.variables, strict=True):
        target.assign(np.array(keras.ops.convert_to_numpy(source)))
    return copy
