"""`from_preset`: from a name, a folder or a handle to a model."""

import inspect
import os
import warnings

import keras

from keras_magvit.presets import checking, configs, locations, shapes, weights
from keras_magvit.presets.errors import PresetError, Refusal, reason
from keras_magvit.presets.folder import CONFIG, METADATA, PARTS, WEIGHTS


def load(cls, preset, load_weights, dtype, overrides):
    """Builds a model from a preset; see `PresetMixin.from_preset`."""
    if load_weights not in (None, True, False):
        raise ValueError(
            "`load_weights` must be None, True or False. "
            f"Received: load_weights={load_weights!r}"
        )
    row = locations.row_of(preset)
    try:
        if row is not None and (row.weights is None or load_weights is False):
            return _initialised(cls, row, load_weights, dtype, overrides)
        folder = find(preset)
        return _stored(cls, folder, load_weights is not False, dtype, overrides)
    except Refusal as refusal:
        raise PresetError(refusal, preset) from refusal.__cause__


def find(preset):
    """The `Folder` of what `from_preset` takes.

    Raises:
        Refusal: if there is none, or no weights exist.
    """
    row = locations.row_of(preset)
    if row is None:
        return locations.folder_of(preset)
    if row.weights is None:
        raise Refusal("No public weights exist for this preset.")
    if "://" in row.weights:
        return locations.folder_of(row.weights)
    return locations.folder_of(os.path.join(os.path.dirname(__file__), row.weights))


# === The table's ====================================================================


def _initialised(cls, row, load_weights, dtype, overrides):
    tree = _selected(cls, configs.tree(row))
    if load_weights:
        raise Refusal(
            "No public weights exist for this preset: `load_weights` must be None or "
            "False."
        )
    model = _build(tree, dtype, overrides)
    if load_weights is None:
        warnings.warn(
            f"No public weights exist for preset {row.name!r}: this is the exact "
            "architecture with random values. Train it with `fit`, or call "
            "`from_preset` with the folder or handle of a trained model; "
            "`load_weights=False` silences this warning.",
            UserWarning,
            stacklevel=4,
        )
    return model


def _selected(cls, tree):
    """The tree, or that of a MAGVIT's part, whichever the calling class wants."""
    stored = checking.check_tree(tree)
    part = tree["config"].get(_part_of(cls, stored))
    if part is not None:
        return _selected(cls, part)
    _check_class(cls, stored)
    return tree


# === A folder's =====================================================================


def _stored(cls, folder, with_weights, dtype, overrides):
    identity = _identity(folder)
    tree, folders = _read(cls, folder, overrides)
    files = {}
    if with_weights:
        # Before anything is allocated: what the config claims must be in the files.
        applied = _applied(tree, dtype, overrides)
        for name, part_folder in folders.items():
            part = applied["config"][name] if name else applied
            files[name] = _inspected(part, part_folder)
    model = _build(tree, dtype, overrides)
    for name, (path, stored, label) in files.items():
        weights.load(getattr(model, name) if name else model, path, stored, label)
    if _identity(folder) != identity:
        raise Refusal("The preset was replaced while it was read; load it again.")
    return model


def _identity(folder):
    status = os.stat(folder.path)
    return status.st_dev, status.st_ino


def _read(cls, folder, overrides):
    """The whole tree, and the folder of each model that has weights."""
    tree = _read_config(folder)
    stored = checking.check_tree(tree)
    part = _part_of(cls, stored)
    if part is not None:
        folder = folder.part(part)
        tree = _read_config(folder)
        stored = checking.check_tree(tree)
    _check_class(cls, stored)
    if not stored.preset_parts:
        return tree, {"": folder}
    folders = {}
    for name in PARTS:
        if name in overrides:
            # The user brings it, trained or not.
            continue
        folders[name] = folder.part(name)
        tree["config"][name] = _read_config(folders[name])
        checking.check_tree(tree["config"][name])
    return tree, folders


def _read_config(folder):
    return checking.stripped(folder.read_json(CONFIG))


def _inspected(tree, folder):
    """The weights file of a model, checked: `(path, stored shapes, label)`."""
    path, label = folder.file(WEIGHTS), f"{folder.label}{WEIGHTS}"
    stored = weights.stored_shapes(path, label)
    number = shapes.count(stored)
    checking.check_count(number)
    implied = checking.implied_shapes(tree)
    if implied is not None:
        weights.check_same(stored, implied, label)
        return path, stored, label
    # A class of the user's own: only metadata.json says what it needs.
    claimed = folder.read_json(METADATA).get("parameter_count")
    if claimed != number:
        raise Refusal(
            f"{label} holds {number:,} parameters, but {folder.label}{METADATA} has "
            f"parameter_count {str(claimed)[:40]}."
        )
    return path, stored, label


# === Both ===========================================================================


def _part_of(cls, stored):
    """Name of the part of a stored class that the calling class wants, or None."""
    if issubclass(stored, cls):
        return None
    for name, part in stored.preset_parts.items():
        if issubclass(cls, part):
            return name
    return None


def _check_class(cls, stored):
    if not issubclass(stored, cls):
        raise Refusal(
            f"Saved preset has type `{stored.__name__}` which is not a subclass of "
            f"calling class `{cls.__name__}`. Call `from_preset` directly on "
            f"`{stored.__name__}` instead."
        )


def _applied(tree, dtype, overrides):
    """The tree with what the user wants to be different."""
    config = {**tree["config"], **overrides}
    if dtype is not None:
        config["dtype"] = dtype
        for name in PARTS:
            part = config.get(name)
            if isinstance(part, dict) and "class_name" in part:
                config[name] = _applied(part, dtype, {})
    return {**tree, "config": config}


def _build(tree, dtype, overrides):
    cls = checking.check_tree(tree)
    _check_overrides(cls, overrides)
    config = _applied(tree, dtype, overrides)["config"]
    try:
        if cls.preset_parts:
            return _build_whole(cls, config)
        checking.implied_shapes(tree)
        return cls.from_config(config)
    except Refusal:
        raise
    except Exception as error:
        what = "these arguments and config.json" if overrides else CONFIG
        message = f"No {cls.__name__} can be built from {what}: {reason(error)}."
        raise Refusal(message) from error


def _build_whole(cls, config):
    parts = {}
    for name in PARTS:
        part = config.get(name)
        if isinstance(part, dict) and "class_name" in part:
            checking.check_tree(part)
            checking.implied_shapes(part)
        if isinstance(part, keras.Model):
            parts[name] = part
    if not parts:
        return cls.from_config(config)
    # `from_config` wants configs; a part that exists goes to the constructor.
    for name in PARTS:
        if name not in parts:
            given = config.get(name)
            parts[name] = keras.saving.deserialize_keras_object(given, safe_mode=True)
    return cls(**{**config, **parts})


def _check_overrides(cls, overrides):
    known = {"name", "trainable"}
    for base in cls.__mro__:
        if base is keras.Model:
            break
        if "__init__" in vars(base):
            known.update(inspect.signature(base.__init__).parameters)
    unknown = sorted(set(overrides) - (known - {"self", "args", "kwargs"}))
    if unknown:
        raise Refusal(
            f"{cls.__name__} takes the arguments "
            f"{sorted(known - {'self', 'args', 'kwargs'})}, not {unknown}."
        )
