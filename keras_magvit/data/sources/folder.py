"""A folder of videos."""

import os
from collections.abc import Sequence
from typing import Any

from keras_magvit.data.source import UNLABELLED
from keras_magvit.data.sources.files import ListedVideos, VideoEntry
from keras_magvit.data.sources.walking import walk_videos
from keras_magvit.io import VideoFileError
from keras_magvit.io.errors import reason
from keras_magvit.io.spans import Span

# Sub-folders that are splits, and what they may be called.
_SPLIT_FOLDERS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing"),
}


class VideoFolder(ListedVideos):
    """The videos below a folder, at any depth, in the order of their paths.

    The first sub-folder on the way to a video is its class; videos directly in the
    folder have none. A sub-folder that holds images and no videos is one video.

    Args:
        root: the folder.
        labels: whether sub-folders are classes.
        class_names: the classes by label; None takes the sub-folders that hold videos,
            by alphabet. Videos of other sub-folders are unlabelled.
        follow_links: whether symbolic links may leave the folder.
        default_frame_rate: frames a second of a file that does not say.

    Raises:
        VideoFileError: if the folder cannot be read, or holds no videos.

    Example:
        >>> source = km.data.VideoFolder("videos/")
        >>> dataset = km.data.ClipDataset(source, num_frames=16)
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        labels: bool = True,
        class_names: Sequence[str] | None = None,
        follow_links: bool = False,
        default_frame_rate: float = 8.0,
    ) -> None:
        self.root = os.fspath(root)
        try:
            os.listdir(self.root)
        except (OSError, ValueError) as error:
            raise VideoFileError(
                f"Cannot read the folder: {reason(error)}.", self.root
            ) from error
        walk = walk_videos(self.root, follow_links)
        if not walk.videos:
            raise VideoFileError("The folder holds no videos.", self.root)
        folders = [path.split("/")[0] if "/" in path else "" for path in walk.videos]
        if class_names is None:
            class_names = sorted(set(folders) - {""}) if labels else []
        places = {name: label for label, name in enumerate(class_names)}
        super().__init__(
            [
                VideoEntry(
                    path,
                    Span(os.path.join(self.root, *path.split("/"))),
                    places.get(folder, UNLABELLED) if labels else UNLABELLED,
                )
                for path, folder in zip(walk.videos, folders, strict=True)
            ],
            class_names=class_names,
            problems=walk.problems,
            default_frame_rate=default_frame_rate,
        )


def open_folder(path: str, split: str, **options: Any) -> VideoFolder:
    """Opens a folder for the table of datasets.

    Args:
        path: the folder; where it has sub-folders train, validation (or val) and test,
            they are the splits, and share their classes.
        split: which of them; a folder without such sub-folders is all "train".
        **options: of `VideoFolder`.

    Raises:
        ValueError: if there is no such split.
        VideoFileError: as `VideoFolder`.
    """
    found = {
        name: os.path.join(path, folder)
        for name, folders in _SPLIT_FOLDERS.items()
        for folder in folders
        if os.path.isdir(os.path.join(path, folder))
    }
    if split not in (found or ("train",)):
        raise ValueError(
            f"{path} has the splits {list(found) or ['train']}; splits are sub-folders "
            f"train, validation and test. Received: split={split!r}"
        )
    if not found:
        return VideoFolder(path, **options)
    if options.get("labels", True):
        classes = {
            entry.name
            for folder in found.values()
            for entry in os.scandir(folder)
            if entry.is_dir() and not entry.name.startswith(".")
        }
        options.setdefault("class_names", sorted(classes))
    return VideoFolder(found[split], **options)
