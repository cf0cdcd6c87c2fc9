"""Objectron: one folder a recording, and the lists of the two splits.

    index/bike_annotations_train     lines bike/batch-4/38
    index/bike_annotations_test
    videos/bike/batch-4/38/video.MOV

The class is the object; the split "validation" is the lists' test split.
"""

import os

from keras_magvit.data.layouts.listing import (
    ListedVideo,
    Listing,
    file_name,
    read_text,
    refuse_missing,
)
from keras_magvit.io import VideoFileError

HINT = (
    "Objectron is at https://github.com/google-research-datasets/Objectron: copy its "
    "folder index/ here, and the videos from gs://objectron/videos into videos/."
)

CLASSES = (
    *("bike", "book", "bottle", "camera", "cereal_box"),
    *("chair", "cup", "laptop", "shoe"),
)
SPLITS = {"train": "train", "validation": "test"}


def list_videos(root: str) -> Listing:
    """Lists the recordings of the classes that are there.

    Args:
        root: the folder.

    Returns:
        The listing; always all nine classes.

    Raises:
        VideoFileError: if the lists or the videos are missing.
    """
    classes = [
        name for name in CLASSES if os.path.isdir(os.path.join(root, "videos", name))
    ]
    wanted = [f"index/{c}_annotations_{s}" for c in classes for s in SPLITS.values()]
    missing = [f"videos/{CLASSES[0]}/ and others"] if not classes else []
    missing += [w for w in wanted if not os.path.isfile(os.path.join(root, w))]
    refuse_missing(root, missing, HINT)
    splits, absent = {}, {}
    for split, suffix in SPLITS.items():
        videos = []
        for name in classes:
            for key in _keys(root, f"index/{name}_annotations_{suffix}"):
                path = f"videos/{key}/video.MOV"
                if os.path.isfile(os.path.join(root, *path.split("/"))):
                    videos.append(ListedVideo(key, (path,), name))
                else:
                    absent[key] = "The index lists it and videos/ lacks it."
        splits[split] = tuple(videos)
    if not any(splits.values()):
        raise VideoFileError(f"None of the listed videos is there. {HINT}", root)
    return Listing(splits, CLASSES, absent=absent)


def _keys(root: str, table: str) -> list[str]:
    """`class/batch-i/j` of every line."""
    path, keys = os.path.join(root, table), []
    for line in read_text(root, table).split():
        parts = [file_name(part, path) for part in line.split("/")]
        if len(parts) != 3:
            raise VideoFileError(
                f"A line must be class/batch-i/j. Received: {line!r}", path
            )
        keys.append("/".join(parts))
    return keys
