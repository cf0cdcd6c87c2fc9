"""A preset on the disk: names of its files, and reading them with distrust.

config.json        what builds the model
model.weights.h5   its weights
metadata.json      versions, number of parameters, date
tokenizer/         of a MAGVIT: a preset of its own, in place of the weights
transformer/       the same
"""

import json
import os
import stat

from keras_magvit.presets.errors import Refusal, reason

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
FILES = (CONFIG, WEIGHTS, METADATA)
PARTS = ("tokenizer", "transformer")
VERSION_KEY = "keras_magvit_version"
# A config of the largest model of the paper has 4 kB.
_MAX_JSON_BYTES = 1 << 20


class Folder:
    """One folder of a preset.

    Args:
        path: where it is.
        root: the folder that no file may lie outside of; `path` by default. A download
            cache keeps the files of a preset outside of its folder.
        label: how messages call its place within the preset, "" or "tokenizer/".
    """

    def __init__(self, path, root=None, label=""):
        self.path = path
        self.root = os.path.realpath(root or path)
        self.label = label

    def part(self, name):
        """The folder of a part of a MAGVIT."""
        path = os.path.join(self.path, name)
        self._check_inside(path, f"{name}/")
        return Folder(path, self.root, f"{self.label}{name}/")

    def file(self, name):
        """Path of a file that is there, regular, and inside the preset.

        Raises:
            Refusal: otherwise.
        """
        path = os.path.join(self.path, name)
        label = f"{self.label}{name}"
        self._check_inside(path, label)
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            raise Refusal(f"{label} cannot be read: {reason(error)}.") from error
        if not stat.S_ISREG(mode):
            # A pipe would be read for ever.
            raise Refusal(f"{label} is not a regular file.")
        # Not what a link leads to: in a download cache that has no ending, and Keras
        # reads the format from it.
        return path

    def _check_inside(self, path, label):
        real = os.path.realpath(path)
        if not os.path.lexists(path) or not os.path.exists(real):
            raise Refusal(f"{label} is missing in the preset folder.")
        if not real.startswith(os.path.join(self.root, "")):
            raise Refusal(f"{label} leads out of the preset folder, to {real!r}.")

    def read_json(self, name):
        """A file that holds one JSON object.

        Raises:
            Refusal: if it is not there, too large, or not that.
        """
        path, label = self.file(name), f"{self.label}{name}"
        try:
            with open(path, "rb") as file:
                data = file.read(_MAX_JSON_BYTES + 1)
        except OSError as error:
            raise Refusal(f"{label} cannot be read: {reason(error)}.") from error
        if len(data) > _MAX_JSON_BYTES:
            raise Refusal(f"{label} has more than {_MAX_JSON_BYTES} bytes.")
        try:
            value = json.loads(data, parse_constant=_refuse_constant)
        except RecursionError:
            raise Refusal(f"{label} is nested too deeply.") from None
        except ValueError as error:
            message = f"{label} is not valid JSON: {reason(error)}."
            raise Refusal(message) from error
        if not isinstance(value, dict):
            raise Refusal(f"{label} must hold a JSON object.")
        return value


def _refuse_constant(name):
    raise ValueError(f"{name} is not a number of JSON")


def is_preset(path):
    """Whether a folder was written by `save_to_preset`."""
    try:
        folder = Folder(path)
        folder.file(CONFIG)
        return VERSION_KEY in folder.read_json(METADATA)
    except Refusal:
        return False
