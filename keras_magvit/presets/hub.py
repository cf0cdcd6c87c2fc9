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
_NO_LOGIN = ("LocalTokenNotFoundError", "UnauthenticatedError", "CredentialError")
_LOGIN = {
    "hf": "run `hf auth login`, or set HF_TOKEN",
    "kaggle": "call `kagglehub.login()`, or set KAGGLE_API_TOKEN",
}
# Kaggle has names of its own.
_KAGGLE_LICENSES = {"apache-2.0": "Apache 2.0", "mit": "MIT", "cc0-1.0": "CC0 1.0"}


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


def check_upload(handle, login=True):
    """Checks what can be checked before a preset is read: handle, client, login.

    Args:
        handle: `hf://user/name` or `kaggle://owner/model/framework/variation`.
        login: whether client and login are looked at.

    Raises:
        ImportError: if the client is not installed.
        Refusal: if the handle is malformed, or nobody is logged in.
    """
    scheme, _, name = str(handle).partition("://")
    is_kaggle = _KAGGLE.fullmatch(name) and name.count("/") == 3
    if not {"hf": _HF.fullmatch(name), "kaggle": is_kaggle}.get(scheme):
        raise Refusal(
            "A handle to upload to must read hf://user/name or "
            "kaggle://owner/model/framework/variation, without a version."
        )
    if login and not _LOGGED_IN[scheme]():
        raise Refusal(f"Nobody is logged in: {_LOGIN[scheme]}.")


def _logged_in_at_hugging_face():
    return _client("huggingface_hub", "hf://").get_token() is not None


def _logged_in_at_kaggle():
    client = _client("kagglehub", "kaggle://")
    return client.config.get_kaggle_credentials() is not None


_LOGGED_IN = {"hf": _logged_in_at_hugging_face, "kaggle": _logged_in_at_kaggle}


def upload(handle, folder, files, *, private, license, message):
    """Sends files as one commit (Hugging Face) or one version (Kaggle).

    Args:
        handle: one that `check_upload` took.
        folder: holds `files` and nothing else.
        files: names, with forward slashes.
        private: whether a repository that is made for it can be seen by its owner
            alone; Kaggle's always start so.
        license: SPDX name.
        message: of the commit or the version.

    Returns:
        The address of the page.

    Raises:
        Refusal: if the hub does not take it.
    """
    scheme, _, name = handle.partition("://")
    if scheme == "hf":
        return _to_hugging_face(name, folder, files, private, message)
    return _to_kaggle(name, folder, license, message)


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


def _to_hugging_face(name, folder, files, private, message):
    client = _client("huggingface_hub", "hf://")
    api = client.HfApi()
    add = [
        client.CommitOperationAdd(file, os.path.join(folder, *file.split("/")))
        for file in files
    ]
    try:
        page = api.create_repo(name, private=private, exist_ok=True)
        # Not `upload_folder`, which may make several commits: a reader would find
        # the config of one model beside the weights of another.
        api.create_commit(name, add, commit_message=message)
    except Exception as error:
        raise _not_taken("The Hugging Face Hub", name, "hf", error) from error
    return str(page)


def _to_kaggle(name, folder, license, message):
    client = _client("kagglehub", "kaggle://")
    license = _KAGGLE_LICENSES.get(license, license)
    try:
        client.model_upload(name, folder, license, message)
    except Exception as error:
        raise _not_taken("Kaggle", name, "kaggle", error) from error
    return f"https://www.kaggle.com/models/{name}"


def _client(module, scheme):
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"Presets with {scheme} need the client of that hub: "
            f"`pip install {module}`, or `pip install keras-magvit[hub]`."
        ) from error


def _failure(hub, name, error):
    """What the client raised at a download, as one line."""
    if _is_offline(error):
        return Refusal(
            f"{hub} cannot be reached, and {name} is not in the local cache "
            f"({reason(error)}). Connect, or pass the folder of a copy."
        )
    if _status(error) in (401, 403, 404) or _kinds(error) & set(_NOT_FOUND):
        return Refusal(
            f"{hub} has no model {name}, or it needs a login or an accepted licence "
            f"({type(error).__name__})."
        )
    return Refusal(
        f"{hub} did not deliver {name}: {type(error).__name__}, {reason(error)}."
    )


def _not_taken(hub, name, scheme, error):
    """What the client raised at an upload, as one line."""
    if _is_offline(error):
        return Refusal(f"{hub} cannot be reached ({reason(error)}).")
    if _status(error) in (401, 403) or _kinds(error) & set(_NO_LOGIN):
        return Refusal(
            f"{hub} does not let you write to {name}: {_LOGIN[scheme]}, with a token "
            f"that may write there ({type(error).__name__})."
        )
    return Refusal(
        f"{hub} did not take {name}: {type(error).__name__}, {reason(error)}."
    )


def _is_offline(error):
    return bool(_kinds(error) & set(_OFFLINE))


def _kinds(error):
    return {kind.__name__ for kind in type(error).__mro__}


def _status(error):
    response = getattr(error, "response", None)
    return getattr(response, "status_code", getattr(error, "error_code", None))
