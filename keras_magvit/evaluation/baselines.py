"""What two simple guesses score: the distance that a model has to beat.

A task's region is filled without any model: with the padding that the task puts there,
or with the mean colour of what is given. What is given stays as it is.
"""

from collections.abc import Callable

import numpy as np
from keras import ops

from keras_magvit.data.token_cache.identity import of_condition
from keras_magvit.evaluation.clips import NumberedClips
from keras_magvit.evaluation.features import clip_features
from keras_magvit.evaluation.measures import mean_colour
from keras_magvit.evaluation.store import Store
from keras_magvit.metrics.statistics import FeatureStatistics


def baseline_statistics(
    task,
    latent_shape: tuple[int, int, int],
    clips: NumberedClips,
    measures,
    store: Store,
    batch_size: int,
    progress: Callable[[int, int], None],
) -> dict[str, FeatureStatistics]:
    """Statistics of the real clips with a task's region filled.

    Args:
        task: `VideoTask` that starts from pixels.
        latent_shape: `(t, h, w)` of the model.
        clips: the real clips.
        measures: `Measures`.
        store: of the real clips: tasks that give the same pixels share what is there.
        batch_size: clips at a time.
        progress: called with `(done, total)`.

    Returns:
        "padding" and "mean_colour", each `FeatureStatistics`.
    """

    def filled(fill):
        def change(video):
            condition = task.condition(video, latent_shape)
            given = ops.convert_to_numpy(condition.video_mask)
            return np.where(given, video, fill(video, condition, given))

        return change

    fills = {"padding": _padding, "mean_colour": _mean_colour}
    frames, size = clips.dataset.num_frames, clips.dataset.size
    region = of_condition(task, (frames, *size))
    found = {}
    for step, (name, fill) in enumerate(fills.items()):

        def told(done, total, step=step):
            progress(step * total + done, len(fills) * total)

        arrays = clip_features(
            f"{name}-{region}",
            range(clips.count),
            clips,
            measures,
            store,
            batch_size,
            filled(fill),
            told,
        )
        found[name] = measures.statistics(arrays["features"], frames)
    return found


def _padding(video, condition, given):
    return np.clip(ops.convert_to_numpy(condition.video), 0.0, 1.0)


def _mean_colour(video, condition, given):
    return mean_colour(video, given)
