"""Something-Something v2: WebM files by number, and JSON files of templates.

    20bn-something-something-v2/74225.webm
    labels/labels.json              {"Approaching something with your camera": "0", ...}
    labels/train.json               [{"id": "74225", "label": ..., "template":
    labels/validation.json            "Approaching [something] with your camera", ...}]

Earlier copies call them `something-something-v2-labels.json` and so on. The class is the
template without its brackets; the test split has none and is left out.
"""

import json
import os
from typing import Any

from keras_magvit.data.layouts.listing import (
    ListedVideo,
    Listing,
    file_name,
    first_of,
    read_text,
    refuse_missing,
)
from keras_magvit.io import VideoFileError

HINT = (
    "Something-Something v2 is given out by Qualcomm at "
    "https://www.qualcomm.com/developer/software/something-something-v-2-dataset: join "
    "and extract the parts of the videos, and unzip the labels beside them."
)

VIDEOS = "20bn-something-something-v2"
SPLITS = ("train", "validation")
_SUFFIXES = (".webm", ".mp4")  # copies have been encoded again


def list_videos(root: str) -> Listing:
    """Lists the videos of the two labelled splits.

    Args:
        root: the folder.

    Returns:
        The listing; classes in the order of the labels file.

    Raises:
        VideoFileError: if a file is missing or damaged, or no video is there.
    """
    found = {name: first_of(root, _names(name)) for name in ("labels", *SPLITS)}
    missing = [_names(name)[0] for name, path in found.items() if path is None]
    if not os.path.isdir(os.path.join(root, VIDEOS)):
        missing.append(f"{VIDEOS}/")
    refuse_missing(root, missing, HINT)
    classes = _classes(root, str(found["labels"]))
    names = os.listdir(os.path.join(root, VIDEOS))
    there = {n.partition(".")[0]: n for n in names if n.lower().endswith(_SUFFIXES)}
    splits, absent = {}, {}
    for split in SPLITS:
        table, videos = str(found[split]), []
        for number, label in _rows(root, table, set(classes)):
            if number in there:
                file = f"{VIDEOS}/{there[number]}"
                videos.append(ListedVideo(number, (file,), label))
            else:
                absent[number] = f"{table} lists it and {VIDEOS}/ lacks it."
        splits[split] = tuple(videos)
        if not videos:
            raise VideoFileError(
                f"None of the videos of {table} is in {VIDEOS}/. {HINT}", root
            )
    return Listing(splits, classes, absent=absent)


def _names(name: str) -> tuple[str, str, str]:
    return (
        f"labels/{name}.json",
        f"labels/something-something-v2-{name}.json",
        f"something-something-v2-{name}.json",
    )


def _classes(root: str, table: str) -> tuple[str, ...]:
    numbers = _parse(root, table)
    try:
        places = {int(k): name for name, k in numbers.items()}
        return tuple(str(places[label]) for label in range(len(places)))
    except (AttributeError, ValueError, TypeError, KeyError) as error:
        raise VideoFileError(
            "The labels must be a JSON object of names and numbers from 0.",
            os.path.join(root, table),
        ) from error


def _rows(root: str, table: str, classes: set[str]) -> list[tuple[str, str]]:
    """`(number, class)` of the videos of a split."""
    path, rows = os.path.join(root, table), []
    entries = _parse(root, table)
    try:
        for entry in entries:
            label = entry["template"].replace("[", "").replace("]", "")
            if label not in classes:
                raise VideoFileError(
                    f"The template {entry['template']!r} is no class of the labels.",
                    path,
                )
            rows.append((file_name(entry["id"], path), label))
    except (KeyError, TypeError, AttributeError) as error:
        raise VideoFileError(
            "The videos must be a JSON list of objects with 'id' and 'template'.", path
        ) from error
    return rows


def _parse(root: str, table: str) -> Any:
    try:
        return json.loads(read_text(root, table))
    except ValueError as error:
        raise VideoFileError(
            f"The file is not JSON: {error}.", os.path.join(root, table)
        ) from error
