"""`upload_preset`: a model or a folder to a hub, checked before anything is sent."""

import dataclasses
import os
import shutil
import tempfile

import keras

from keras_magvit.presets import cards, hub, loading
from keras_magvit.presets.errors import PresetError, Refusal, reason
from keras_magvit.presets.folder import FILES, PARTS
from keras_magvit.presets.mixin import PresetMixin

PICTURES = (".png", ".jpg", ".gif", ".webp")


@dataclasses.dataclass(frozen=True)
class Upload:
    """What was sent, or would be.

    Attributes:
        handle: where to.
        files: name -> bytes.
        url: of the page; None after a dry run.

    Example:
        >>> model.save_to_preset("my_model/")
        >>> upload = km.upload_preset("hf://user/my_model", "my_model/", dry_run=True)
        >>> upload.handle
        'hf://user/my_model'
    """

    handle: str
    files: dict[str, int]
    url: str | None = None


def upload_preset(
    handle, preset, *, private=False, license="apache-2.0", message=None, dry_run=False
):
    """Sends a preset to the Hugging Face Hub or to Kaggle.

    The preset is loaded first, as `from_preset` would: what could not be loaded is not
    sent. Its own files are sent, and README.md and pictures beside it; a model card is
    written for a preset that has no README.md. Nothing else in the folder leaves the
    machine, and nothing in it changes.

    Args:
        handle: `"hf://user/name"` or `"kaggle://owner/model/framework/variation"`.
        preset: a model, or what `from_preset` takes: a folder, a name, a handle.
        private: whether a new repository can be seen by its owner alone. On Kaggle
            every new model is, until its page says otherwise.
        license: SPDX name of the licence of the weights.
        message: of the commit or the version.
        dry_run: check everything, send nothing.

    Returns:
        An `Upload`: the files, and the address of the page.

    Raises:
        PresetError: a `ValueError`, if the preset cannot be loaded, nobody is logged
            in, or the hub cannot be reached or does not take it.
        ValueError: if the licence is no SPDX name.
        ImportError: if the client of the hub is not installed.

    Example:
        >>> model.save_to_preset("my_model/")
        >>> km.upload_preset("hf://user/my_model", "my_model/", dry_run=True)
    """
    cards.check_license(license)
    try:
        hub.check_upload(handle, login=not dry_run)
        with tempfile.TemporaryDirectory() as staging:
            _stage(preset, staging)
            _write_card(staging, handle, license)
            files = _sizes(staging)
            if dry_run:
                return Upload(handle, files)
            message = message or f"{handle.rpartition('/')[2]}, by keras_magvit"
            rights = {"private": private, "license": license, "message": message}
            url = hub.upload(handle, staging, list(files), **rights)
            return Upload(handle, files, url)
    except Refusal as refusal:
        raise PresetError(refusal, handle, "handle") from refusal.__cause__


def _stage(preset, staging):
    """A copy: what is checked is what is sent, whatever happens to the folder."""
    try:
        if isinstance(preset, PresetMixin):
            preset.save_to_preset(staging)
            return
        if isinstance(preset, keras.Model):
            raise Refusal("A model must be of this package, or have a `PresetMixin`.")
        for name, path in _files(loading.find(preset)):
            target = os.path.join(staging, *name.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(path, target)
        loading.load(keras.Model, staging, True, None, {})
    except Refusal as refusal:
        raise PresetError(refusal, preset) from refusal.__cause__
    except PresetError as error:
        raise PresetError(error.message, preset) from error.__cause__
    except OSError as error:
        raise PresetError(f"It cannot be copied: {reason(error)}.", preset) from error


def _files(folder):
    """`(name, path)` of all that belongs to a preset, and its card."""
    for file in FILES:
        if os.path.lexists(os.path.join(folder.path, file)):
            yield file, folder.file(file)
    for part in PARTS:
        if os.path.lexists(os.path.join(folder.path, part)):
            inner = folder.part(part)
            yield from ((f"{part}/{file}", inner.file(file)) for file in FILES)
    for file in sorted(os.listdir(folder.path)):
        if file == cards.FILE or file.lower().endswith(PICTURES):
            yield file, folder.file(file)


def _write_card(staging, handle, license):
    path = os.path.join(staging, cards.FILE)
    if not os.path.exists(path):
        text = cards.model_card(staging, handle, license=license)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def _sizes(staging):
    sizes = {}
    for folder, _, files in os.walk(staging):
        for file in files:
            path = os.path.join(folder, file)
            name = os.path.relpath(path, staging).replace(os.sep, "/")
            sizes[name] = os.path.getsize(path)
    return dict(sorted(sizes.items()))
