"""`save_to_preset`: a model as a folder, whole or not at all."""

import datetime
import json
import os
import shutil

import keras

from keras_magvit._version import __version__
from keras_magvit.presets import checking, replacing
from keras_magvit.presets.errors import PresetError, Refusal, reason
from keras_magvit.presets.folder import (
    CONFIG,
    FILES,
    METADATA,
    PARTS,
    VERSION_KEY,
    WEIGHTS,
    is_preset,
)
from keras_magvit.presets.narrowing import narrow


def save(model, directory, half=False):
    """Writes a model; see `PresetMixin.save_to_preset`."""
    try:
        _save(model, directory, half)
    except Refusal as refusal:
        raise PresetError(refusal, directory, "directory") from refusal.__cause__
    except OSError as error:
        message = f"The preset cannot be written: {reason(error)}."
        raise PresetError(message, directory, "directory") from error


def _save(model, directory, half):
    path = os.path.realpath(_as_path(directory))
    replacing.recover(path)
    _check_replaceable(path)
    trees = _trees(model)

    def write(staging):
        _keep_strangers(path, staging)
        for name, (part, tree) in trees.items():
            folder = os.path.join(staging, name)
            os.makedirs(folder, exist_ok=True)
            _write_json(folder, CONFIG, tree)
            _write_json(folder, METADATA, _metadata(part))
            if name or len(trees) == 1:
                part.save_weights(os.path.join(folder, WEIGHTS))
                if half:
                    narrow(os.path.join(folder, WEIGHTS))

    replacing.replace_folder(path, write)


def _as_path(directory):
    try:
        text = os.fspath(directory)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text or "://" in text:
        raise Refusal("`directory` must be the path of a folder.")
    return os.path.expanduser(text)


# === What is written ================================================================


def _trees(model):
    """`{folder: (model, config)}`; a MAGVIT's parts have folders of their own."""
    tree = checking.stripped(keras.saving.serialize_keras_object(model))
    try:
        # What could not be loaded again is not written.
        checking.check_tree(tree)
    except Refusal as refusal:
        raise Refusal(f"The model cannot be a preset: {refusal}") from refusal
    if not model.preset_parts:
        return {"": (model, tree)}
    trees = {"": (model, tree)}
    for name in PARTS:
        # One place for each config: two could contradict each other.
        trees[name] = (getattr(model, name), tree["config"].pop(name))
    return trees


def _metadata(model):
    models = [getattr(model, part) for part in PARTS] if model.preset_parts else [model]
    return {
        "keras_version": keras.__version__,
        VERSION_KEY: __version__,
        "parameter_count": sum(part.count_params() for part in models),
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        "tasks": sorted(getattr(model, "tasks", ())),
    }


def _write_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=4)
        file.write("\n")


# === What is replaced ===============================================================


def _check_replaceable(path):
    if not os.path.lexists(path):
        return
    if not os.path.isdir(path):
        raise Refusal("A preset is a folder; this is a file.")
    if os.listdir(path) and not is_preset(path):
        raise Refusal("The folder holds something that is not a preset; it is kept.")


def _keep_strangers(path, staging):
    """Takes over files that are not the preset's, a model card for example."""
    if not os.path.isdir(path):
        return
    with os.scandir(path) as entries:
        for entry in entries:
            ours = entry.name in FILES
            ours |= entry.name in PARTS and is_preset(entry.path)
            target = os.path.join(staging, entry.name)
            if ours:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.copytree(entry.path, target, symlinks=True, copy_function=_link)
            else:
                _link(entry.path, target)


def _link(source, target):
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target, follow_symlinks=False)
