"""`export_model`: a folder that a program without Keras can use, whole or not at all."""

import contextlib
import importlib.util
import json
import os

import keras

from keras_magvit.export import checking, description, process
from keras_magvit.export.errors import ExportError
from keras_magvit.export.functions import functions_of
from keras_magvit.presets import replacing

DESCRIPTION = "export.json"
FORMATS = ("onnx", "saved_model", "litert")
# Package that a format needs -> how to install it.
_NEEDS = {
    "onnx": ("tensorflow", "tf2onnx", "onnxruntime"),
    "saved_model": ("tensorflow",),
    "litert": ("tensorflow",),
}


def export_model(
    model,
    directory,
    to="onnx",
    *,
    num_steps=None,
    guidance_scale=None,
    int8=False,
    overwrite=False,
):
    """Writes a model as graphs, and a description of all that they do not say.

    Under JAX and PyTorch a TensorFlow process is started, which reads the weights.

    Args:
        model: a `MAGVIT` or a `VideoTokenizer`, in float32.
        directory: a folder that does not exist, is empty, or holds an export.
        to: "onnx", "saved_model" or "litert".
        num_steps, guidance_scale: of the sampling; None takes the model's. A scale of 0
            leaves guidance out of the graphs, which then cost half.
        int8: for ONNX, write the transformer and the decode a second time with int8
            weights, as `NAME_int8.onnx`.
        overwrite: replace an export that is there.

    Returns:
        The description, as it stands in `export.json`.

    Raises:
        ExportError: a `ValueError`, if something is not as said above, or if what was
            written does not do what Keras does; nothing is left behind then.
        ImportError: if a package is missing.

    Example:
        >>> model = km.MAGVIT.from_preset("moving_digits_mt10_micro")
        >>> km.export.export_model(model, "digits_onnx/")
    """
    path = os.path.realpath(os.path.expanduser(os.fspath(directory)))
    _check(model, path, to, int8, overwrite)
    options = {"num_steps": num_steps, "guidance_scale": guidance_scale}
    made = None

    def write(folder):
        nonlocal made
        if keras.config.backend() == "tensorflow":
            made = write_into(model, folder, to, int8=int8, **options)
        else:
            made = process.write_elsewhere(model, folder, to, int8=int8, **options)

    replacing.replace_folder(path, write)
    return made


def write_into(model, folder, to, *, num_steps, guidance_scale, int8):
    """Fills a folder, under TensorFlow; returns the description."""
    with _sampling(model, num_steps=num_steps, guidance_scale=guidance_scale):
        functions = functions_of(model)
        written = _WRITERS[to](model, functions, folder, int8)
        made = {**description.describe(model), "to": to, **written}
    with open(os.path.join(folder, DESCRIPTION), "w", encoding="utf-8") as file:
        json.dump(made, file, indent=1)
    return made


def _write_onnx(model, functions, folder, int8):
    from keras_magvit.export import int8 as bytes_of_weights
    from keras_magvit.export import onnx_files

    graphs = onnx_files.graphs_of(functions)
    files = onnx_files.write(graphs, folder)
    run = onnx_files.Runner(folder, files)
    written = {"files": files, "checked": checking.check(model, functions, run)}
    if int8 and "transformer" in graphs:
        files |= onnx_files.write(bytes_of_weights.of_graphs(graphs, folder), folder)
        names = {name: f"{name}_int8" for name in graphs if f"{name}_int8" in files}
        run = onnx_files.Runner(folder, files, renamed=names)
        written["int8"] = checking.compare(model, functions, run)
    return written


def _write_saved_model(model, functions, folder, int8):
    from keras_magvit.export import saved_model

    files = saved_model.write(model, functions, folder)
    run = saved_model.Runner(folder)
    return {"files": files, "checked": checking.check(model, functions, run)}


def _write_litert(model, functions, folder, int8):
    from keras_magvit.export import litert

    files = litert.write(model, functions, folder)
    run = litert.Runner(folder, files)
    return {"files": files, "checked": checking.check(model, functions, run)}


_WRITERS = {
    "onnx": _write_onnx,
    "saved_model": _write_saved_model,
    "litert": _write_litert,
}


@contextlib.contextmanager
def _sampling(model, **changes):
    """Inside, the model's sampling is another one."""
    before = getattr(model, "sampling", None)
    if before is None:  # a tokenizer
        yield
        return
    model.sampling = before.replace(**changes)
    try:
        yield
    finally:
        model.sampling = before


# === Checks ==========================================================================


def _check(model, path, to, int8, overwrite):
    if to not in FORMATS:
        raise ExportError(f"`to` must be one of {list(FORMATS)}. Received: to={to!r}")
    if int8 and to != "onnx":
        raise ExportError(f"`int8` is for ONNX alone. Received: int8=True, to={to!r}")
    policy = model.dtype_policy.name
    if policy != "float32":
        raise ExportError(
            "An export computes in float32: load the preset with dtype='float32'. "
            f"Received: a model in {policy!r}"
        )
    missing = [name for name in _NEEDS[to] if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"An export to {to!r} needs {', '.join(missing)}. "
            'Install: pip install "keras-magvit[export]"'
        )
    if not os.path.lexists(path):
        return
    if not os.path.isdir(path):
        raise ExportError(f"`directory` is a file. Received: directory={path!r}")
    if os.listdir(path) and not os.path.exists(os.path.join(path, DESCRIPTION)):
        raise ExportError(
            "`directory` holds something that is not an export, and is kept. "
            f"Received: directory={path!r}"
        )
    if os.listdir(path) and not overwrite:
        raise ExportError(
            "`directory` holds an export; pass overwrite=True to replace it. "
            f"Received: directory={path!r}"
        )
