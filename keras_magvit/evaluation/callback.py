"""The Fréchet distance while a model trains."""

from typing import Any

import numpy as np
from keras import ops

from keras_magvit.evaluation.makers import ReconstructionMaker, TaskMaker, batch_seed
from keras_magvit.evaluation.measures import Measures
from keras_magvit.evaluation.protocols import RECONSTRUCTION
from keras_magvit.metrics import frechet_video
from keras_magvit.networks.i3d import I3D
from keras_magvit.training.stepping import StepCallback


class FVDCallback(StepCallback):
    """Generates a few videos every so many epochs and logs their distance.

    Few videos make a large distance: its course tells something, its value does not.
    Put it before the callbacks that read the log, such as `ModelCheckpoint`.

    Args:
        video: the real clips, `(N, T, H, W, 3)`, uint8 or float in [0, 1], T at least 9.
        labels: their classes, for tasks that use them.
        task: what a `MAGVIT` generates from them; None takes the first it was made for,
            and with a `VideoTokenizerTrainer` the reconstruction by the averaged
            tokenizer.
        every: epochs between two measurements.
        i3d: `I3D` with weights; None looks for them.
        seed: of the noise, the same each time.
        batch_size: videos at a time.
        name: of the log; None means "val_fvd", or "val_fvd_half_pixel" and so on with
            another grid of the resize.

    Attributes:
        result: the last `FVDResult`; None before the first.

    Raises:
        ValueError: on clips that I3D cannot measure, or fewer than 2.

    Example:
        >>> model.fit(dataset, callbacks=[FVDCallback(clips, every=10)])
    """

    def __init__(
        self,
        video,
        labels=None,
        task=None,
        every=1,
        i3d=None,
        seed=0,
        batch_size=8,
        name=None,
    ):
        super().__init__()
        if not (isinstance(every, int) and every >= 1):
            raise ValueError(f"`every` must be an int >= 1. Received: every={every!r}")
        video = ops.convert_to_numpy(frechet_video.check_clips(video, "video"))
        if len(video) < 2:
            raise ValueError(
                f"FVD needs at least 2 videos. Received: video.shape={video.shape}"
            )
        self.video, self.task, self.every = video, task, every
        self.labels = np.full(len(video), -1) if labels is None else labels
        self.labels = np.asarray(self.labels)
        if self.labels.shape != (len(video),):
            raise ValueError(
                f"`labels` must be one int for each of {len(video)} clips. "
                f"Received: labels={labels!r}"
            )
        i3d = I3D.from_weights() if i3d is None else i3d
        name = name or f"val_{frechet_video.name_of(i3d.resize_grid)}"
        self.seed, self.batch_size, self.name = seed, batch_size, name
        self.result = None
        self._measures = Measures(i3d, size=video.shape[2:4])
        self._real: Any = None
        self._maker: Any = None

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        self.sync()
        if self._real is None:
            self._real = self._statistics(lambda places, video: video)
        self._maker = self._maker or self._make_maker()
        if self._maker.name == RECONSTRUCTION:
            self._take_averages()
        self.result = frechet_video.compare(self._real, self._statistics(self._made))
        if logs is not None:
            logs[self.name] = self.result.value

    def _make_maker(self):
        if hasattr(self.model, "averaged_tokenizer"):
            return ReconstructionMaker(self.model.averaged_tokenizer())
        if self.task == RECONSTRUCTION:
            return ReconstructionMaker(self.model.tokenizer)
        return TaskMaker(self.model, self.task or self.model.tasks[0], {})

    def _take_averages(self):
        """Today's weights into the one copy, which is compiled once."""
        if hasattr(self.model, "averages"):
            weights = self._maker.tokenizer.trainable_variables
            for target, average in zip(weights, self.model.averages, strict=True):
                target.assign(np.array(ops.convert_to_numpy(average)))

    def _statistics(self, make):
        """Statistics of what `make(places, video)` gives, batch by batch."""
        features = []
        for start in range(0, len(self.video), self.batch_size):
            count = len(self.video[start : start + self.batch_size])
            # A batch that is smaller is filled up: a new shape would be compiled.
            places = start + np.minimum(np.arange(self.batch_size), count - 1)
            made = make(places, self.video[places])
            features.append(self._measures.features(made)[:count])
        return self._measures.statistics(np.concatenate(features), self.video.shape[1])

    def _made(self, places, video):
        seed = batch_seed(self.seed, self._maker.name, 0, int(places[0]))
        return self._maker.make(video, self.labels[places], seed).fake
