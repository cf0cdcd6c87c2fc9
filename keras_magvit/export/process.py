"""The TensorFlow process that writes the export of a model of another backend.

    python -m keras_magvit.export.process PRESET FOLDER OPTIONS

It reads the weights from a preset and fills the folder. What it has to say to its parent
stands in the folder.
"""

import json
import os
import subprocess
import sys
import tempfile

from keras_magvit.export.errors import ExportError

_ENVIRONMENT = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
_FAILURE = "failure.txt"


def write_elsewhere(model, folder, to, **options):
    """`exporting.write_into` by a process of its own; arguments as there.

    Raises:
        ExportError: what that raises; or that the model cannot be rebuilt from a
            preset, because it has classes or tasks that this process alone knows.
    """
    from keras_magvit.export.exporting import DESCRIPTION

    with tempfile.TemporaryDirectory() as temporary:
        preset = os.path.join(temporary, "preset")
        model.save_to_preset(preset)
        told = json.dumps({"to": to, **options})
        command = [sys.executable, "-m", __name__, preset, folder, told]
        environment = {**os.environ, **_ENVIRONMENT}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        with open(os.path.join(folder, DESCRIPTION), encoding="utf-8") as file:
            return json.load(file)
    failure = os.path.join(folder, _FAILURE)
    if os.path.exists(failure):
        with open(failure, encoding="utf-8") as file:
            raise ExportError(file.read())
    raise RuntimeError(f"The TensorFlow process failed:\n{done.stderr[-4000:]}")


def main(preset, folder, told):
    """Fills `folder` from the preset; an `ExportError` is written there."""
    import keras_magvit as km
    from keras_magvit.export import exporting

    with open(os.path.join(preset, "config.json"), encoding="utf-8") as file:
        kind = json.load(file)["class_name"]
    try:
        # Of a class of the user's own, its base serves: the methods that differ, if
        # any, would have to be known here.
        model = getattr(km, kind, km.MAGVIT).from_preset(preset)
        exporting.write_into(model, folder, **json.loads(told))
    except ValueError as error:
        with open(os.path.join(folder, _FAILURE), "w", encoding="utf-8") as file:
            file.write(str(error))
        sys.exit(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
