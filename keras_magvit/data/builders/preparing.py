"""Preparing the datasets that are fetched by hand, and opening them.

The functions are what `data.registry` names: `prepare_NAME` and `open_NAME`.
"""

import os
from collections.abc import Callable
from typing import Any

from keras_magvit.data.places import data_folder
from keras_magvit.data.sources.prepared import PreparedVideos
from keras_magvit.data.tfds import import_tfds
from keras_magvit.io import VideoFileError

_VERSION = "1.0.0"


def prepare_files(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    videos: str | os.PathLike[str] | None = None,
    num_workers: int = 0,
    beam_options: Any = None,
    beam_runner: Any = None,
    overwrite: bool = False,
) -> None:
    """Lists and looks at the videos of a dataset, and writes the table of them.

    Args:
        name: "kinetics600", "ssv2", "nuscenes" or "objectron".
        data_dir: where prepared datasets lie; None takes the usual place.
        progress: called with `(label, done, total)`.
        videos: the folder with what was fetched by hand; None takes
            `downloads/manual/NAME` in `data_dir`.
        num_workers: processes that look at videos; 0 does it in this one.
        beam_options: Beam's `PipelineOptions`, or its flags as a list; with these or a
            runner a Beam pipeline does it.
        beam_runner: Beam's runner.
        overwrite: prepare again what is prepared already.

    Raises:
        VideoFileError: if files are missing; the text names them, and where they are
            to be had.
        ImportError: if an optional package is missing.
    """
    tfds = import_tfds()
    from keras_magvit.data.builders.video_files import BUILDERS

    folder = os.fspath(data_dir or data_folder())
    builder = BUILDERS[name](data_dir=folder, file_format="array_record")
    if videos is None:
        videos = os.path.join(folder, "downloads", "manual", name)
    if not os.path.isdir(videos) or not os.listdir(videos):
        raise VideoFileError(
            f"Put the dataset into this folder. {builder.layout.HINT}", videos
        )
    builder.beam = beam_options is not None or beam_runner is not None
    if builder.beam:
        from keras_magvit.data.token_cache.beam import pipeline_options

        beam_options = pipeline_options(beam_options)
    builder.num_workers, builder.progress = num_workers, progress
    tfds.disable_progress_bar()
    modes = tfds.GenerateMode
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=videos,
            beam_options=beam_options,
            beam_runner=beam_runner,
            try_download_gcs=False,
            download_mode=(
                modes.REUSE_CACHE_IF_EXISTS
                if overwrite
                else modes.REUSE_DATASET_IF_EXISTS
            ),
        )
    )


def open_files(
    name: str,
    split: str,
    data_dir: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] | None = None,
) -> PreparedVideos:
    """Opens a split of what `prepare_files` made.

    Args:
        name: as there.
        split: "train" or "validation".
        data_dir: as there.
        root: where the videos lie now, if they have moved.

    Raises:
        VideoFileError: if it is not prepared; the text says how to.
    """
    import_tfds()
    folder = os.path.join(os.fspath(data_dir or data_folder()), name, _VERSION)
    return PreparedVideos(folder, split, root)


def open_web(
    split: str, data_dir: str | os.PathLike[str] | None = None, **options: Any
) -> Any:
    """Opens tar shards of one's own, `web/SPLIT-*.tar` in `data_dir`.

    Args:
        split: "train" or "validation".
        data_dir: as in `prepare_files`.
        **options: of `TarShards`.

    Raises:
        VideoFileError: if there are no shards.
    """
    from keras_magvit.data.sources.shards import TarShards

    folder = os.path.join(os.fspath(data_dir or data_folder()), "web")
    return TarShards(os.path.join(folder, f"{split}-*.tar"), **options)


def _functions_of(name: str) -> tuple[Callable[..., None], Callable[..., Any]]:
    def prepare(**options: Any) -> None:
        prepare_files(name, **options)

    def open_(**options: Any) -> PreparedVideos:
        return open_files(name, **options)

    return prepare, open_


prepare_kinetics600, open_kinetics600 = _functions_of("kinetics600")
prepare_ssv2, open_ssv2 = _functions_of("ssv2")
prepare_nuscenes, open_nuscenes = _functions_of("nuscenes")
prepare_objectron, open_objectron = _functions_of("objectron")
