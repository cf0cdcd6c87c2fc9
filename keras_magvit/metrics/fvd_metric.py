"""The Fréchet video distance as a metric of Keras, for `evaluate` and callbacks."""

import keras
from keras import ops

from keras_magvit import backend
from keras_magvit.metrics import frechet_video
from keras_magvit.metrics.statistics import FeatureStatistics
from keras_magvit.networks.i3d import I3D, NUM_CLASSES


@keras.saving.register_keras_serializable(package="keras_magvit")
class FrechetVideoDistance(keras.metrics.Metric):
    """Fréchet video distance between targets and predictions.

    The features of the first `num_videos` of each are kept, as the distance depends on
    how many there are; later ones are left out. The distance itself is computed in
    float64, outside the compiled step: a progress bar shows nan until the loop ends, and
    so does a result before two videos of each were seen.

    Args:
        i3d: an `I3D` with weights; None looks for them, see `I3D.from_weights`.
        num_videos: N, how many of each are measured.
        name: of the metric; None means "fvd", or "fvd_half_pixel" and so on with
            another grid of the resize.
        **kwargs: of `keras.metrics.Metric`.

    Raises:
        ValueError: if `num_videos` is below 2, or there are no weights.

    Example:
        >>> tokenizer.compile(loss="mse", metrics=[FrechetVideoDistance(num_videos=256)])
        >>> tokenizer.evaluate(videos, videos)      # reconstructions against originals
    """

    def __init__(self, i3d=None, num_videos=2048, name=None, **kwargs):
        if num_videos < 2:
            raise ValueError(
                f"`num_videos` must be at least 2. Received: num_videos={num_videos}"
            )
        i3d = I3D.from_weights() if i3d is None else i3d
        frechet_video.check_trained(i3d)
        name = frechet_video.name_of(i3d.resize_grid) if name is None else name
        super().__init__(name=name, **kwargs)
        self.i3d = i3d
        self.num_videos = num_videos
        self._clip_shapes = {}
        self._sets = {side: self._add_set(side) for side in ("real", "fake")}

    def _add_set(self, side):
        # The row behind the last one takes what is left out.
        shape = (self.num_videos + 1, NUM_CLASSES)
        return (
            self.add_variable(shape, "zeros", dtype="float32", name=f"{side}_features"),
            self.add_variable((), "zeros", dtype="int32", name=f"{side}_count"),
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds real videos and generated ones.

        Args:
            y_true: `(B, T, H, W, 3)`, uint8 or float in [0, 1], T at least 9.
            y_pred: the same; B and the size may differ, T may not.
            sample_weight: must be None.

        Raises:
            ValueError: on another shape, range or length, or with a `sample_weight`.
        """
        if sample_weight is not None:
            raise ValueError(
                "FVD knows no weights of samples. Received: sample_weight is not None"
            )
        real = frechet_video.check_clips(y_true, "y_true")
        fake = frechet_video.check_clips(y_pred, "y_pred")
        if real.shape[1] != fake.shape[1]:
            raise ValueError(
                "Real and generated videos must have the same number of frames. "
                f"Received: y_true.shape={tuple(real.shape)}, "
                f"y_pred.shape={tuple(fake.shape)}"
            )
        for side, videos in (("real", real), ("fake", fake)):
            self._check_same_shape(side, tuple(videos.shape[1:4]))
            self._keep(side, self.i3d(videos))

    def _check_same_shape(self, side, shape):
        """All clips between two resets must be alike; a compiled loop sees to it itself."""
        before = self._clip_shapes.get(side, shape)
        count = ops.convert_to_tensor(self._sets[side][1])
        if before != shape and backend.is_concrete(count) and int(count):
            raise ValueError(
                f"Clips changed from (frames, height, width) {before} without a "
                f"`reset_state`. Received: {side} clips of {shape}"
            )
        self._clip_shapes[side] = shape

    def _keep(self, side, features):
        kept, count = self._sets[side]
        new = ops.shape(features)[0]
        rows = ops.minimum(count + ops.arange(new, dtype="int32"), self.num_videos)
        kept.assign(ops.scatter_update(kept, rows[:, None], features))
        count.assign(ops.minimum(count + new, self.num_videos))

    def result(self):
        """The distance as a float32 scalar."""
        counts = [ops.convert_to_tensor(count) for _, count in self._sets.values()]
        known = all(backend.is_concrete(c) and int(c) >= 2 for c in counts)
        value = (
            frechet_video.compare(*self._statistics()).value if known else float("nan")
        )
        return ops.convert_to_tensor(value, "float32")

    def report(self):
        """The distance with its protocol, as `FVDResult`.

        Raises:
            ValueError: before two videos of each were seen.
        """
        return frechet_video.compare(*self._statistics())

    def _statistics(self):
        if not self._clip_shapes:
            raise ValueError("No video was seen yet. Received: no call of update_state")
        for side, (kept, count) in self._sets.items():
            protocol = frechet_video.protocol(self.i3d, self._clip_shapes[side])
            features = ops.convert_to_numpy(kept)[: int(count)]
            yield FeatureStatistics(NUM_CLASSES, protocol).update(features)

    def get_config(self):
        # The weights of I3D are not part of a config: they are looked for again.
        return {"name": self.name, "num_videos": self.num_videos}
