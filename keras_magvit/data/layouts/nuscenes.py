"""nuScenes: the front camera's JPEGs, strung together by a relational database.

    v1.0-trainval/scene.json, sample.json, sample_data.json, calibrated_sensor.json,
                  sensor.json
    samples/CAM_FRONT/*.jpg          key frames, 2 Hz
    sweeps/CAM_FRONT/*.jpg           what lies between them, together 12 Hz

A scene of 20 s is cut into videos of 32 frames, one after another; what is left at its
end is dropped. Every tenth scene, by name, is held out: with the scenes of trainval
about 5.4 and 0.6 thousand videos, the paper's counts.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

from keras_magvit.data.layouts.listing import ListedVideo, Listing, refuse_missing
from keras_magvit.io import VideoFileError

HINT = (
    "nuScenes is at https://www.nuscenes.org/nuscenes#download: extract the metadata "
    "and the file blobs of trainval (their camera part will do) here."
)

CHANNEL = "CAM_FRONT"
FRAMES = 32
FRAME_RATE = 12.0
HELD_OUT = 10  # every tenth scene
_VERSIONS = ("v1.0-trainval", "v1.0-mini")
_TABLES = ("scene", "sample", "sample_data", "calibrated_sensor", "sensor")

_CHUNK = 2**20  # characters of a table that are parsed at a time


def list_videos(root: str) -> Listing:
    """Lists the videos of the front camera.

    Args:
        root: the folder.

    Returns:
        The listing, splits "train" and "validation", without classes.

    Raises:
        VideoFileError: if tables or images are missing or damaged.
    """
    version = next(
        (v for v in _VERSIONS if os.path.isdir(os.path.join(root, v))), _VERSIONS[0]
    )
    tables = [f"{version}/{name}.json" for name in _TABLES]
    folders = [f"{kind}/{CHANNEL}" for kind in ("samples", "sweeps")]
    missing = [t for t in tables if not os.path.isfile(os.path.join(root, t))]
    missing += [f"{f}/" for f in folders if not os.path.isdir(os.path.join(root, f))]
    refuse_missing(root, missing, HINT)
    there = {
        f"{folder}/{name}"
        for folder in folders
        for name in os.listdir(os.path.join(root, folder))
    }
    splits: dict[str, list[ListedVideo]] = {"train": [], "validation": []}
    absent: dict[str, str] = {}
    for place, (scene, files) in enumerate(_scenes(os.path.join(root, version))):
        split = "validation" if place % HELD_OUT == HELD_OUT - 1 else "train"
        for first in range(0, len(files) - FRAMES + 1, FRAMES):
            part = tuple(files[first : first + FRAMES])
            key = f"{scene}/{first:04d}"
            lost = [name for name in part if name not in there]
            if lost:
                absent[key] = f"The table lists {lost[0]} and the folder lacks it."
            else:
                splits[split].append(ListedVideo(key, part))
    if not any(splits.values()):
        raise VideoFileError(f"No scene has {FRAMES} frames of {CHANNEL}. {HINT}", root)
    listed = {split: tuple(videos) for split, videos in splits.items()}
    return Listing(listed, frame_rate=FRAME_RATE, absent=absent)


def _scenes(folder: str) -> list[tuple[str, list[str]]]:
    """`(name, files in the order of time)` of every scene, by name."""
    try:
        names = {row["token"]: row["name"] for row in _rows(folder, "scene")}
        scene_of = {row["token"]: row["scene_token"] for row in _rows(folder, "sample")}
        sensors = {
            row["token"] for row in _rows(folder, "sensor") if row["channel"] == CHANNEL
        }
        calibrated = {
            row["token"]
            for row in _rows(folder, "calibrated_sensor")
            if row["sensor_token"] in sensors
        }
        frames: dict[str, list[tuple[int, str]]] = {token: [] for token in names}
        for row in _rows(folder, "sample_data"):
            if row["calibrated_sensor_token"] in calibrated:
                scene = scene_of[row["sample_token"]]
                frames[scene].append((row["timestamp"], row["filename"]))
    except (KeyError, TypeError) as error:
        raise VideoFileError(
            f"The tables do not fit together: {error} is missing.", folder
        ) from error
    return sorted(
        (names[token], [name for _, name in sorted(found)])
        for token, found in frames.items()
    )


def _rows(folder: str, table: str) -> Iterator[Any]:
    """Yields the rows of a table, which may be larger than memory.

    Only the text that is being parsed is held: sample_data.json has 1.2 GB.
    """
    path = os.path.join(folder, f"{table}.json")
    decoder, text, at = json.JSONDecoder(), "", 0
    try:
        with open(path, encoding="utf-8") as file:
            if file.read(1) != "[":
                raise VideoFileError("The table is not a JSON list.", path)
            while True:
                at = _next(text, at)
                if text[at : at + 1] == "]":
                    return
                try:
                    row, at = decoder.raw_decode(text, at)
                except ValueError as error:  # the row goes on in the next chunk
                    chunk = file.read(_CHUNK)
                    if not chunk:
                        raise VideoFileError(
                            f"The table is cut or damaged: {error}.", path
                        ) from error
                    text, at = text[at:] + chunk, 0
                    continue
                yield row
    except (OSError, UnicodeDecodeError) as error:
        raise VideoFileError(f"Cannot read the table: {error}.", path) from error


def _next(text: str, at: int) -> int:
    """Skips what stands between two rows."""
    while text[at : at + 1] and text[at] in " \t\r\n,":
        at += 1
    return at
