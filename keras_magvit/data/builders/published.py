"""BAIR robot pushing and UCF-101, through the builders that TFDS itself has."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keras_magvit.data.places import data_folder
from keras_magvit.data.source import VideoSource
from keras_magvit.data.tfds import import_tfds
from keras_magvit.io import VideoFileError

BAIR = "bair_robot_pushing_small"
UCF101 = "ucf101/ucf101_1"  # frames of the original size; the first split

_UCF_HINT = (
    "UCF-101 is at https://www.crcv.ucf.edu/data/UCF101.php: extract UCF101.rar "
    "(`unrar x`, `7z x` or `bsdtar -xf`) and UCF101TrainTestSplits-RecognitionTask.zip "
    "here."
)
_BAIR_HINT = (
    "BAIR robot pushing is at http://rail.eecs.berkeley.edu/datasets/"
    "bair_robot_pushing_dataset_v0.tar: extract it here."
)


def prepare_bair(
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    archive: str | os.PathLike[str] | None = None,
) -> None:
    """Downloads and converts BAIR robot pushing: 43,264 + 256 videos of 30 frames.

    Args:
        data_dir: where prepared datasets lie; None takes the usual place.
        progress: not called; TFDS shows its own.
        archive: the folder into which the archive was extracted by hand, which holds
            `softmotion30_44k/`; None downloads it (30 GB).

    Raises:
        VideoFileError: if the folder does not hold the archive.
    """
    del progress
    if archive is not None:
        archive = os.fspath(archive)
        for split in ("train", "test"):
            if not os.path.isdir(os.path.join(archive, "softmotion30_44k", split)):
                raise VideoFileError(
                    f"Missing: softmotion30_44k/{split}/. {_BAIR_HINT}", archive
                )
    _prepare(BAIR, data_dir, archive)


def prepare_ucf101(
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    archive: str | os.PathLike[str] | None = None,
) -> None:
    """Downloads and converts UCF-101: 9,537 + 3,783 videos of 101 classes.

    TFDS runs the program `ffmpeg` for it, and stores frames as JPEG.

    Args:
        data_dir: where prepared datasets lie; None takes the usual place.
        progress: not called; TFDS shows its own.
        archive: the folder into which videos and split files were extracted by hand;
            None downloads them (7 GB).

    Raises:
        VideoFileError: if the folder lacks videos or split files.
        ImportError: if there is no ffmpeg.
    """
    del progress
    with _ffmpeg():
        if archive is None:
            _prepare(UCF101, data_dir, None)
            return
        with _ucf_as_tfds_expects(os.fspath(archive)) as videos:
            found = {"videos": videos, "splits": os.fspath(archive)}
            _prepare(UCF101, data_dir, found)


def open_bair(
    split: str, data_dir: str | os.PathLike[str] | None = None
) -> VideoSource:
    """Opens a split of BAIR: the camera `image_aux1`, as in the paper."""
    return _open(BAIR, split, data_dir, video="image_aux1")


def open_ucf101(
    split: str, data_dir: str | os.PathLike[str] | None = None
) -> VideoSource:
    """Opens a split of UCF-101."""
    return _open(UCF101, split, data_dir, video="video", frame_rate=25.0)


def _prepare(name: str, data_dir: Any, found: Mapping[str, str] | str | None) -> None:
    tfds = import_tfds()
    folder = os.fspath(data_dir or data_folder())
    options = {"data_dir": folder, "file_format": "array_record"}
    base, _, config = name.partition("/")
    kind = tfds.builder_cls(base)
    if found is not None:
        kind = _with_files(kind, found)
    builder = kind(config=config, **options) if config else kind(**options)
    builder.download_and_prepare()


def _with_files(kind: Any, found: Mapping[str, str] | str) -> Any:
    """A builder that takes extracted archives where it would download them."""

    class Extracted:
        """Stands for TFDS's download manager."""

        def download_and_extract(self, wanted: Any) -> Any:
            return found

    class Local(kind, skip_registration=True):
        """The builder itself, by its own name."""

        name = kind.name

        def _split_generators(self, dl_manager: Any) -> Any:
            return super()._split_generators(Extracted())

    return Local


def _open(name: str, split: str, data_dir: Any, **options: Any) -> VideoSource:
    tfds = import_tfds()
    from keras_magvit.data.sources.tfds_videos import TfdsVideos

    short = "bair" if name == BAIR else "ucf101"

    folder = os.fspath(data_dir or data_folder())
    try:
        builder = tfds.builder(name, data_dir=folder)
        place = os.fspath(builder.data_dir)
    except tfds.core.DatasetNotFoundError:
        place = os.path.join(folder, name)
    if not os.path.exists(os.path.join(place, "dataset_info.json")):
        raise VideoFileError(
            "The dataset is not prepared here; "
            f"`keras-magvit data prepare {short}` does it.",
            place,
        )
    return TfdsVideos(place, split, **options)


@contextmanager
def _ucf_as_tfds_expects(archive: str) -> Iterator[str]:
    """Yields a folder with `UCF101/v_*.avi`, all in one, as in TFDS's own archive.

    The official archive is a .rar of one folder a class, which TFDS cannot extract.
    """
    missing = []
    if not os.path.isdir(os.path.join(archive, "ucfTrainTestlist")):
        missing.append("ucfTrainTestlist/")
    places = [os.path.join(archive, name) for name in ("UCF101", "UCF-101")]
    place = next(filter(os.path.isdir, places), None)
    if place is None:
        missing.append("UCF-101/")
    if missing or place is None:
        raise VideoFileError(f"Missing: {', '.join(missing)}. {_UCF_HINT}", archive)
    with tempfile.TemporaryDirectory() as folder:
        links = os.path.join(folder, "UCF101")
        os.mkdir(links)
        for path in sorted(Path(place).rglob("v_*.avi")):
            os.symlink(path.resolve(), os.path.join(links, path.name))
        yield folder


@contextmanager
def _ffmpeg() -> Iterator[None]:
    """Makes sure that a program called ffmpeg is found while TFDS works."""
    if shutil.which("ffmpeg"):
        yield
        return
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ImportError(
            "UCF-101 is converted by the program ffmpeg, which is not there. Install "
            "it, or: pip install imageio-ffmpeg"
        ) from error
    before = os.environ.get("PATH", "")
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(imageio_ffmpeg.get_ffmpeg_exe(), os.path.join(folder, "ffmpeg"))
        os.environ["PATH"] = folder + os.pathsep + before
        try:
            yield
        finally:
            os.environ["PATH"] = before
