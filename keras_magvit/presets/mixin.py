"""What makes a model loadable by name and savable as a folder."""

from typing import ClassVar

from keras_magvit.presets import loading, saving


class PresetMixin:
    """Gives a `keras.Model` that is registered with Keras its presets.

    A preset is a folder in the format of KerasHub: config.json, model.weights.h5 and
    metadata.json; that of a `MAGVIT` has such a folder for each of its two models.

    Attributes:
        preset_parts: attribute -> class of the models that have folders of their own.

    Example:
        >>> model.save_to_preset("my_model/")
        >>> again = km.MAGVIT.from_preset("my_model/")
    """

    preset_parts: ClassVar[dict[str, type]] = {}

    @classmethod
    def from_preset(cls, preset, load_weights=None, dtype=None, **overrides):
        """Builds a model from a preset.

        Args:
            preset: a name that `keras_magvit.presets()` lists, a folder that
                `save_to_preset` wrote, `"hf://user/name"`, or
                `"kaggle://owner/model/framework/variation"`. A `VideoTokenizer` or a
                `MaskedVideoTransformer` also takes that of a `MAGVIT`, and is its part.
                Write `"./name"` for a folder called like a listed name.
            load_weights: None loads the weights if any exist, and warns if none do.
                True insists on them. False leaves the model initialised, silently.
            dtype: a policy such as `"mixed_bfloat16"`, for the model and its parts;
                None takes the preset's.
            **overrides: arguments of the constructor that replace the preset's. A
                `tokenizer` or `transformer` given to a `MAGVIT` is taken as it is.

        Returns:
            A model of this class.

        Raises:
            PresetError: a `ValueError`, if there is no such preset, it is of another
                class, or its files are missing, damaged or not to be trusted.
            ImportError: if the client of a hub is not installed.

        Example:
            >>> model = MAGVIT.from_preset("k600_fp", load_weights=False)
            >>> tokenizer = VideoTokenizer.from_preset("my_model/", dtype="bfloat16")
        """
        return loading.load(cls, preset, load_weights, dtype, overrides)

    def save_to_preset(self, directory, half=False):
        """Writes the model as a folder that `from_preset` takes.

        The folder appears whole or not at all: an old preset there is replaced in the
        end, and a kill at any moment leaves the old one or the new one. Files in it
        that are not the preset's are kept.

        Args:
            directory: the folder; missing parents are made.
            half: store float32 weights as float16, for files of half the size. They
                keep three digits and are float32 again when they are loaded.

        Raises:
            PresetError: a `ValueError`, if the folder holds something that is not a
                preset, or cannot be written, or if the model has a class that is not
                registered with Keras.
        """
        saving.save(self, directory, half)
