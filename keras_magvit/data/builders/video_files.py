"""TFDS builders of the datasets that are fetched by hand.

What a builder writes is a table: where each video lies, its class, length, size and
rate, or why it cannot be read. The videos stay as they were given out. Stored again as
frames they would take ten to a hundred times the space, and lose quality where they are
compressed again; as files they can be sought in, so that of a clip no more is decoded
than its window.
"""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from keras_magvit.data.layouts import (
    ListedVideo,
    Listing,
    kinetics,
    nuscenes,
    objectron,
    ssv2,
)
from keras_magvit.data.layouts.describing import describe_video
from keras_magvit.data.processes import DataProcesses

Example = dict[str, Any]

# Videos that a process looks at before it asks for more.
_CHUNK = 16


class VideoFilesBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """What the builders share; a subclass names its layout.

    Attributes:
        layout: module of `data.layouts`.
        beam: whether examples are made by a Beam pipeline.
        num_workers: processes that look at videos where there is no pipeline.
        progress: called with `(label, done, total)`, or None.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "References to files."}
    layout: ClassVar[Any]
    beam = False
    num_workers = 0
    progress: Callable[[str, int, int], None] | None = None

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "key": tfds.features.Text(),
            "files": tfds.features.Sequence(tfds.features.Text()),
            "label": tfds.features.Text(doc="Name of the class, or empty."),
            "num_frames": tfds.features.Scalar(np.int32),
            "height": tfds.features.Scalar(np.int32),
            "width": tfds.features.Scalar(np.int32),
            "frame_rate": tfds.features.Scalar(np.float32),
            "problem": tfds.features.Text(doc="Why it cannot be read, or empty."),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.layout.__doc__,
            features=tfds.features.FeaturesDict(features),
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        root = os.fspath(dl_manager.manual_dir)
        listing: Listing = self.layout.list_videos(root)
        self.info.metadata.update(
            root=os.path.abspath(root),
            class_names=list(listing.class_names),
            absent=dict(listing.absent),
        )
        return {
            split: self._generate_examples(root, videos, listing.frame_rate)
            for split, videos in listing.splits.items()
        }

    def _generate_examples(
        self, root: str, videos: Sequence[ListedVideo], frame_rate: float
    ) -> Any:
        describe = functools.partial(describe_video, root=root, frame_rate=frame_rate)
        if self.beam:
            import apache_beam as beam

            return beam.Create(videos) | beam.Reshuffle() | beam.Map(describe)
        return self._described(describe, videos)

    def _described(
        self,
        describe: Callable[[ListedVideo], tuple[str, Example]],
        videos: Sequence[ListedVideo],
    ) -> Iterator[tuple[str, Example]]:
        if not self.num_workers or len(videos) <= _CHUNK:
            yield from self._counted(map(describe, videos), len(videos))
            return
        with DataProcesses(self.num_workers) as pool:
            found = pool.map(describe, videos, chunksize=_CHUNK)
            yield from self._counted(found, len(videos))

    def _counted(
        self, examples: Iterator[tuple[str, Example]], total: int
    ) -> Iterator[tuple[str, Example]]:
        for done, example in enumerate(examples, 1):
            if self.progress is not None:
                self.progress(f"look at the videos of {self.name}", done, total)
            yield example


class Kinetics600(VideoFilesBuilder, skip_registration=True):
    """Kinetics-600."""

    name = "kinetics600"
    layout = kinetics
    MANUAL_DOWNLOAD_INSTRUCTIONS = kinetics.HINT


class SomethingSomethingV2(VideoFilesBuilder, skip_registration=True):
    """Something-Something v2."""

    name = "ssv2"
    layout = ssv2
    MANUAL_DOWNLOAD_INSTRUCTIONS = ssv2.HINT


class NuScenes(VideoFilesBuilder, skip_registration=True):
    """The front camera of nuScenes."""

    name = "nuscenes"
    layout = nuscenes
    MANUAL_DOWNLOAD_INSTRUCTIONS = nuscenes.HINT


class Objectron(VideoFilesBuilder, skip_registration=True):
    """Objectron."""

    name = "objectron"
    layout = objectron
    MANUAL_DOWNLOAD_INSTRUCTIONS = objectron.HINT


BUILDERS = {b.name: b for b in (Kinetics600, SomethingSomethingV2, NuScenes, Objectron)}
