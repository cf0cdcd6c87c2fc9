"""The TFDS builder of simulated pushing: what was rendered, as a dataset."""

import dataclasses
import io
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from keras_magvit.data import simulation
from keras_magvit.data.simulation import Chunks
from keras_magvit.io.dependencies import import_image


@dataclasses.dataclass(kw_only=True)
class PushingConfig(tfds.core.BuilderConfig):
    """Which videos are written.

    Args:
        parts: the rendered videos of each split, and how many of them.
    """

    parts: dict[str, tuple[Chunks, int]]


class SimulatedPushing(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A robot arm of primitives pushes, circles, sweeps and lifts things in a tray.

    Thirty frames of 64x64, rendered with PyBullet. Eight classes, scripted and exactly
    balanced. The videos come in order: video `i` has the label `i % 8`.

    Attributes:
        progress: called with `(label, done, total)` while videos are written.
    """

    name = "simulated_pushing"
    VERSION = tfds.core.Version(simulation.VERSION)
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First release."}
    progress: Callable[[str, int, int], None] | None = None

    def _info(self) -> tfds.core.DatasetInfo:
        frame = (simulation.SIZE, simulation.SIZE, 3)
        count = simulation.NUM_FRAMES
        features = {
            # A sequence of images: `tfds.features.Video` needs TensorFlow, even to read.
            "video": tfds.features.Sequence(
                tfds.features.Image(shape=frame, encoding_format="png"), length=count
            ),
            "action": tfds.features.Tensor(
                shape=(count, 4),
                dtype=np.float32,
                doc="Step to the next frame, dx, dy, dz in metres, and the gripper: "
                "1 closed, 0 open.",
            ),
            "hand": tfds.features.Tensor(
                shape=(count, 3), dtype=np.float32, doc="Where the fingers are, metres."
            ),
            "label": tfds.features.ClassLabel(names=simulation.MOTIONS),
            "displacement": tfds.features.Scalar(
                np.float32, doc="How far the object that moved most was moved, metres."
            ),
            "moved": tfds.features.Scalar(
                np.bool_, doc=f"Whether that is more than {simulation.MOVED} metres."
            ),
            "eye": tfds.features.Tensor(
                shape=(3,), dtype=np.float32, doc="Where the camera stands, metres."
            ),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("video", "label"),
            license="Apache-2.0; see docs/simulated_pushing.md of keras-magvit",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        del dl_manager  # nothing is downloaded
        return {
            split: self._generate_examples(split, *part)
            for split, part in self.builder_config.parts.items()
        }

    def _generate_examples(
        self, split: str, chunks: Chunks, count: int
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for index, episode in enumerate(chunks.episodes(count)):
            if self.progress is not None:
                self.progress(f"write {split}", index + 1, count)
            yield index, _example(episode)


def _example(episode: simulation.Episode) -> dict[str, Any]:
    fields = dataclasses.asdict(episode)
    return {
        **fields,
        "video": [_png(frame) for frame in episode.video],
        "moved": bool(episode.displacement > simulation.MOVED),
    }


def _png(frame: np.ndarray) -> io.BytesIO:
    """An encoded frame, so that TFDS does not ask TensorFlow for it."""
    file = io.BytesIO()
    import_image().fromarray(frame).save(file, "PNG")
    file.seek(0)
    return file
