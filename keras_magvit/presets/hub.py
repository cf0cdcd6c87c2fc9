"""Presets on the Hugging Face Hub and on Kaggle, by their official clients.

The clients are optional and imported when a handle is first used. Whatever they raise
becomes one line: which errors they have differs between their versions.
"""

import importlib
import os
import re

from keras_magvit.presets.errors import Refusal, reason
from keras_magvit.presets.folder import FILES, PARTS

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_HF = re.compile(rf"{_NAME}/{_NAME}")
_KAGGLE = re.compile(rf"{_NAME}(/{_NAME}){{3}}(/[0-9]+)?")
# Nothing else is downloaded, whatever the repository holds.
_PATTERNS = [*FILES, *(f"{part}/{file}" for part in PARTS for file in FILES)]

_NOT_FOUND = ("RepositoryNotFoundError", "RevisionNotFoundError", "NotFoundError")
_OFFLINE = (
    "LocalEntryNotFoundError",
    "OfflineModeIsEnabled",
    "ConnectionError",
    "ConnectError",
    "Timeout",
    "TimeoutError",
    "TimeoutException",
)


def download(handle):
    """Fetches a preset, or finds it in the client's cache.

    Args:
        handle: `hf://user/name` or `kaggle://owner/model/framework/variation`.

    Returns:
        `(folder, root)`: where the preset is, and the folder its files lie in.

    Raises:
        ImportError: if the client is not installed.
        Refusal: if the handle is malformed or the download fails.
    """
    scheme, _, name = handle.partition("://")
    return {"hf": _from_hugging_face, "kaggle": _from_kaggle}[scheme](name)


def _from_hugging_face(name):
    if not _HF.fullmatch(name):
        raise Refusal("A handle must read hf://user/name.")
    client = _client("huggingface_hub", "hf://")
    try:
        folder = client.snapshot_download(name, allow_patterns=_PATTERNS)
    except Exception as error:
        raise _failure("The Hugging Face Hub", name, error) from error
    # The cache holds links: models--user--name/snapshots/revision/file -> blobs/...
    snapshots = os.path.dirname(folder)
    if os.path.basename(snapshots) == "snapshots":
        return folder, os.path.dirname(snapshots)
    return folder, folder


def _from_kaggle(name):
    if not _KAGGLE.fullmatch(name):
        raise Refusal("A handle must read kaggle://owner/model/framework/variation.")
    client = _client("kagglehub", "kaggle://")
    try:
        folder = client.model_download(name)
    except Exception as error:
        raise _failure("Kaggle", name, error) from error
    return folder, folder


def _client(module, scheme):
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"Presets with {scheme} need the client of that hub: "
            f"`pip install {module}`."
        ) from error


def _failure(hub, name, error):
    """The client's exception as one line."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(getattr(error, "response", None), "status_code", None)
    if kinds & set(_OFFLINE):
        return Refusal(
            f"{hub} cannot be reached, and {name} is not in the local cache "
            f"({reason(error)}). Connect, or pass the folder of a copy."
        )
    if status in (401, 403, 404) or kinds & set(_NOT_FOUND):
        return Refusal(
            f"{hub} has no model {name}, or it needs a login or an accepted licence "
            f"({type(error).__name__})."
        )
    return Refusal(
        f"{hub} did not deliver {name}: {type(error).__name__}, {reason(error)}."
    )
