"""Pictures of what a model makes, each epoch, of the same clips."""

import os

import numpy as np
from keras import ops

from keras_magvit import tasks
from keras_magvit.training.attempt import Attempt
from keras_magvit.training.stepping import StepCallback

_SIDE = 96  # pixels of a frame in the animation, about
_GAP = 2
_ACROSS = 5


class SampleGrids(StepCallback):
    """Writes `step_000001000.png`, rows of frames, and `.gif`, the grid in motion.

    A subclass implements `columns()`. What fails is warned of once, and the training
    goes on.

    Args:
        folder: made if it is missing.
        tensorboard: `TensorBoardLog` that gets the pictures too, or None.
        frame_rate: of the animation.
        step: steps done before this `fit`.
    """

    def __init__(self, folder, tensorboard=None, frame_rate=8.0, step=0):
        super().__init__(step)
        self.folder = os.fspath(folder)
        self.tensorboard = tensorboard
        self.frame_rate = frame_rate
        self._attempt = Attempt("A sample grid")

    def columns(self):
        """What stands side by side: a list of `{label: clip (T, H, W, 3)}`."""
        raise NotImplementedError(f"{type(self).__name__} must implement columns().")

    def on_epoch_end(self, epoch, logs=None):
        if self.model.stop_training:  # whoever pressed Ctrl-C does not wait for it
            return
        with self._attempt:
            self.sync()
            self._write(self.columns())

    def _write(self, columns):
        from keras_magvit.io import contact_sheet, write_video

        os.makedirs(self.folder, exist_ok=True)
        place = os.path.join(self.folder, f"step_{self.step:09d}")
        rows = {label: clip for column in columns for label, clip in column.items()}
        sheet = contact_sheet(rows, path=f"{place}.png", overwrite=True)
        grid = video_grid(columns)
        write_video(f"{place}.gif", grid, self.frame_rate, overwrite=True)
        if self.tensorboard is not None:
            sizes = {".png": (sheet.height, sheet.width), ".gif": grid.shape[1:3]}
            for suffix, size in sizes.items():
                with open(place + suffix, "rb") as file:
                    self.tensorboard.picture(f"samples{suffix}", file.read(), *size)


class ReconstructionSamples(SampleGrids):
    """Real clips above their reconstructions by the averaged tokenizer.

    Args:
        clips: float `(n, T, H, W, 3)` in [0, 1].
        **kwargs: of `SampleGrids`.
    """

    def __init__(self, folder, clips, **kwargs):
        super().__init__(folder, **kwargs)
        self.clips = clips
        self._tokenizer = None

    def columns(self):
        tokenizer = self._averaged()
        columns = []
        for i, clip in enumerate(self.clips):
            made = tokenizer.decode(tokenizer.encode(clip[None]))
            made = ops.convert_to_numpy(ops.clip(made, 0.0, 1.0))[0]
            columns.append({f"real {i}": clip, f"reconstruction {i}": made})
        return columns

    def _averaged(self):
        """One tokenizer for all epochs, so that it is compiled once."""
        if self._tokenizer is None:
            self._tokenizer = self.model.averaged_tokenizer()
        for target, average in zip(
            self._tokenizer.trainable_variables, self.model.averages, strict=True
        ):
            target.assign(np.array(ops.convert_to_numpy(average)))
        return self._tokenizer


class GenerationSamples(SampleGrids):
    """For every task of a `MAGVIT`: what is given, above what is made of it.

    Args:
        clips: float `(n, T, H, W, 3)` in [0, 1]; task i takes clip `i % n`.
        labels: int `(n,)`, or None.
        seed: of the sampling, the same at every epoch.
        **kwargs: of `SampleGrids`.
    """

    def __init__(self, folder, clips, labels=None, seed=0, **kwargs):
        super().__init__(folder, **kwargs)
        self.clips, self.labels, self.seed = clips, labels, seed

    def columns(self):
        return [self._column(i, name) for i, name in enumerate(self.model.tasks)]

    def _column(self, i, name):
        model = self.model
        task = tasks.get(name, model.condition_frames, model.condition_latent_frames)
        at = i % len(self.clips)
        clip, label = self.clips[at][None], None
        title = name
        if task.uses_class:
            label = int(self.labels[at])
            title = f"{name} of class {label}"
        made = model.generate(name, video=clip, labels=label, seed=self.seed)[0]
        if not task.gives_pixels:
            return {f"{title}: real": clip[0], f"{title}: made": made}
        given = task.condition(clip, model.latent_shape).video_mask
        given = np.where(ops.convert_to_numpy(given), clip, 0.5)[0]
        return {f"{title}: given": given, f"{title}: made": made}


def video_grid(columns):
    """Columns of clips as one video, a few columns across.

    Args:
        columns: as `SampleGrids.columns` gives them, all with as many clips of one size.

    Returns:
        float `(T, H', W', 3)` in [0, 1].
    """
    tiles = []
    for column in columns:
        clips = [np.asarray(clip, "float32") for clip in column.values()]
        times = max(1, round(_SIDE / max(clips[0].shape[1:3])))
        clips = [c.repeat(times, axis=1).repeat(times, axis=2) for c in clips]
        tiles.append(np.concatenate([_framed(clip) for clip in clips], axis=1))
    tiles += [np.ones_like(tiles[0])] * (-len(tiles) % min(_ACROSS, len(tiles)))
    lines = [tiles[i : i + _ACROSS] for i in range(0, len(tiles), _ACROSS)]
    return np.concatenate([np.concatenate(line, axis=2) for line in lines], axis=1)


def _framed(clip):
    around = ((0, 0), (_GAP, _GAP), (_GAP, _GAP), (0, 0))
    return np.pad(clip, around, constant_values=1.0)
