"""One set of real clips of an evaluation: features, statistics, bias card."""

import keras

from keras_magvit._version import __version__
from keras_magvit.evaluation.bias_card import bias_card
from keras_magvit.evaluation.clips import open_clips
from keras_magvit.evaluation.features import clip_features
from keras_magvit.evaluation.identity import dataset_identity
from keras_magvit.evaluation.store import Store


class RealSet:
    """The real clips that some tasks share, measured.

    Args:
        run: the evaluation: its `plan`, `measures`, `cache`, `dataset`, `data_dir`, and
            `told`, which names what progress is of.
        wanted: `RealClips`.
        with_bias_card: whether to measure the card.

    Attributes:
        clips: `NumberedClips`.
        description: dict that tells these clips from others.
        words: what reports call them.
        store: of what is measured on them.
        statistics: `FeatureStatistics`.
        card: `BiasCard`, or None.
    """

    def __init__(self, run, wanted, with_bias_card):
        plan = run.plan
        self.words = str(wanted)
        frames, *size = plan.video_shape
        self.clips = open_clips(
            run.dataset,
            wanted,
            frames,
            tuple(size),
            plan.wanted(wanted),
            plan.seed,
            run.data_dir,
        )
        self.description = {
            "dataset": dataset_identity(self.clips.dataset),
            "clips": self.words,
            "count": self.clips.count,
            "seed": plan.seed if self.clips.endless else None,
        }
        features = {
            "kind": "real",
            "real": self.description,
            "i3d": run.measures.describe()["i3d"],
            "size": plan.measured_size,
            "backend": keras.config.backend(),
            "version": __version__,
        }
        self.store = Store(run.cache, features)
        real = clip_features(
            "real",
            range(self.clips.count),
            self.clips,
            run.measures,
            self.store,
            plan.batch_size,
            progress=run.told("real clips"),
        )
        self.statistics = run.measures.statistics(real["features"], frames)
        self.card = None
        if with_bias_card:
            count = min(self.clips.count, plan.samples_of(self.clips.count))
            told = run.told("bias card")
            self.card = bias_card(
                self.clips, real, run.measures, self.store, count, plan.batch_size, told
            )
