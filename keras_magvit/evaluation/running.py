"""An evaluation from a model and a protocol to its report."""

import datetime
import os

import keras

from keras_magvit._version import __version__
from keras_magvit.data import VideoSource
from keras_magvit.evaluation import protocols
from keras_magvit.evaluation.baselines import baseline_statistics
from keras_magvit.evaluation.class_reading import ClassReading
from keras_magvit.evaluation.identity import (
    model_identity,
    networks_of,
)
from keras_magvit.evaluation.makers import ReconstructionMaker, TaskMaker
from keras_magvit.evaluation.measures import Measures
from keras_magvit.evaluation.plan import ALL, make_plan
from keras_magvit.evaluation.protocols import RECONSTRUCTION
from keras_magvit.evaluation.real_set import RealSet
from keras_magvit.evaluation.results import Report, Score, TaskResult, scores_of
from keras_magvit.evaluation.samples import measure_repeat
from keras_magvit.evaluation.store import Store
from keras_magvit.metrics import frechet_video
from keras_magvit.networks.i3d import I3D


def evaluate(
    model,
    protocol,
    cache,
    dataset=None,
    tasks=ALL,
    *,
    num_videos=None,
    repeats=None,
    samples_per_clip=None,
    sampling=None,
    seed=0,
    batch_size=8,
    i3d=None,
    lpips=None,
    c3d=None,
    classifier=None,
    with_bias_card=True,
    with_baselines=True,
    model_name=None,
    data_dir=None,
    not_measured=None,
    progress=None,
):
    """Measures a model by a protocol.

    What is finished is kept in `cache`, file by file: a run that was killed goes on
    where it stopped when it is started again with the same arguments, and ends in the
    same numbers as one that was not. A file serves as long as the weights, the
    protocol, the clips, the seed and all else that it depends on stay the same.

    Args:
        model: `MAGVIT`, or a `VideoTokenizer`, whose one task is "reconstruction".
        protocol: a key of `PROTOCOLS`, or a `Protocol`.
        cache: folder of finished work; made if it is missing.
        dataset: a name or path that `data.registry` knows, or a `VideoSource`; None
            takes the protocol's.
        tasks: names, or "all" of the protocol's that the model was made for.
        num_videos: use at most so many real clips, spread evenly over all; and
            `samples_per_clip` generated ones for each.
        repeats: in place of the protocol's.
        samples_per_clip: in place of the protocol's.
        sampling: dict of `Sampling`'s arguments, in place of the protocol's.
        seed: int; of all noise, and of random clips.
        batch_size: videos at a time.
        i3d: `I3D` with weights; None looks for them.
        lpips: `LPIPS`, or None to leave it out.
        c3d: `C3D` with weights, for the Inception score; None leaves it out.
        classifier: reads the class of a clip, as `MotionClassifier`, for tasks that ask
            for a class; None leaves it out.
        with_bias_card: whether to measure the card of the real clips.
        with_baselines: whether to measure, for tasks that start from pixels, the
            distance of the padded condition and of a fill with the mean colour.
        model_name: what the report calls the model.
        data_dir: where prepared datasets lie; None takes the usual place.
        not_measured: dict metric -> why it is missing, for the report.
        progress: called with `(label, done, total)`.

    Returns:
        `Report`.

    Raises:
        ValueError: if protocol, model, clips and arguments do not fit together, or there
            are no weights of I3D (the text says the three ways to get them).
        VideoFileError: if the dataset cannot be read.

    Example:
        >>> report = evaluate(model, "simulated_pushing", "report/cache")
        >>> report.tasks[0].scores["fvd"].mean

    Reference:
        MAGVIT (arXiv:2212.05199), appendix B.3.
    """
    protocol = protocols.get(protocol)
    dataset = protocol.dataset if dataset is None else dataset
    is_source = isinstance(dataset, VideoSource)
    named = type(dataset).__name__ if is_source else os.fspath(dataset)
    plan = make_plan(
        protocol,
        model,
        named,
        tasks,
        num_videos=num_videos,
        repeats=repeats,
        samples_per_clip=samples_per_clip,
        sampling=sampling,
        seed=seed,
        batch_size=batch_size,
    )
    i3d = I3D.from_weights() if i3d is None else i3d
    measures = Measures(i3d, lpips, c3d, plan.measured_size, classifier)
    run = _Run(model, plan, measures, cache, dataset, data_dir, progress)
    results = [run.task(name, with_bias_card, with_baselines) for name in plan.tasks]
    return Report(
        protocol=protocol.as_dict(),
        deviations=plan.deviations,
        run={
            "model": model_name or model.name,
            **{k: v for k, v in run.identity.items() if k != "config"},
            "sampling": plan.sampling,
            "condition_frames": plan.condition_frames,
            "video_shape": plan.video_shape,
            "measured_size": plan.measured_size,
            "c3d_sha256": getattr(c3d, "weights_sha256", None),
            "classifier_sha256": getattr(classifier, "weights_sha256", None),
            "repeats": plan.repeats,
            "samples_per_clip": plan.samples_per_clip,
            "seed": seed,
            "batch_size": batch_size,
            "date": datetime.date.today().isoformat(),
            "versions": {"keras_magvit": __version__, "keras": keras.__version__},
        },
        dataset=run.datasets(),
        tasks=tuple(results),
        not_measured=dict(not_measured or {}),
    )


class _Run:
    """What the tasks of one evaluation share: the real clips, and what was found."""

    def __init__(self, model, plan, measures, cache, dataset, data_dir, progress):
        self.model, self.plan, self.measures = model, plan, measures
        self.cache, self.dataset, self.data_dir = cache, dataset, data_dir
        self.progress = progress or (lambda label, done, total: None)
        self.identity = model_identity(model)
        self._real = {}

    def task(self, name, with_bias_card, with_baselines):
        """Measures one task."""
        plan = self.plan
        maker = self._maker(name)
        real = self.real_set(plan.protocol.real_of(maker.needs_pixels), with_bias_card)
        store = Store(
            self.cache,
            {
                "kind": "samples",
                "model": self.identity,
                "task": repr(maker.task),
                "real": real.description,
                "measures": self.measures.describe(),
                "num_samples": plan.samples_of(real.clips.count),
                "samples_per_clip": plan.samples_per_clip,
                "sampling": plan.sampling,
                "seed": plan.seed,
                "batch_size": plan.batch_size,
                "version": __version__,
            },
        )
        repeats = []
        for repeat in range(plan.repeats):
            label = name if plan.repeats == 1 else f"{name} {repeat + 1}/{plan.repeats}"
            repeats.append(
                measure_repeat(
                    maker,
                    real.clips,
                    self.measures,
                    store,
                    repeat=repeat,
                    num_samples=plan.samples_of(real.clips.count),
                    samples_per_clip=plan.samples_per_clip,
                    batch_size=plan.batch_size,
                    seed=plan.seed,
                    progress=self.told(label),
                )
            )
        frames = plan.video_shape[0]
        scores, fvd = scores_of(
            repeats,
            real.statistics,
            self.measures,
            frames,
            plan.samples_per_clip,
        )
        if with_baselines and name != RECONSTRUCTION and maker.needs_pixels:
            scores = self._with_baselines(scores, maker, real, fvd.name)
        return TaskResult(
            task=name,
            scores=scores,
            num_real=fvd.num_real,
            num_fake=fvd.num_fake,
            real=real.words,
            fvd_protocol={
                key: value
                for key, value in fvd.as_dict().items()
                if key not in ("name", "value", "num_real", "num_fake")
            },
            bias_card=real.card,
            shown={
                kind: repeats[0][f"shown_{kind}"]
                for kind in ("real", "condition", "generated")
                if f"shown_{kind}" in repeats[0]
            },
            classes=ClassReading.of(repeats, self.measures.classifier),
        )

    def _with_baselines(self, scores, maker, real, distance):
        """The scores, and behind the distance those of two guesses."""
        found = baseline_statistics(
            maker.task,
            self.model.latent_shape,
            real.clips,
            self.measures,
            real.store,
            self.plan.batch_size,
            self.told(f"{maker.name}: baselines"),
        )
        guesses = {
            f"{distance}_of_{name}": Score.of(
                [frechet_video.compare(real.statistics, statistics).value]
            )
            for name, statistics in found.items()
        }
        return {distance: scores[distance], **guesses, **scores}

    def _maker(self, name):
        if name == RECONSTRUCTION:
            return ReconstructionMaker(networks_of(self.model)[0])
        return TaskMaker(self.model, name, self.plan.sampling)

    def told(self, label):
        return lambda done, total: self.progress(label, done, total)

    def real_set(self, wanted, with_bias_card):
        """Real clips and their statistics, measured once for all tasks that share them."""
        if wanted not in self._real:
            self._real[wanted] = RealSet(self, wanted, with_bias_card)
        return self._real[wanted]

    def datasets(self):
        """Identity and report of every set of real clips."""
        return {
            real.words: {
                **real.description["dataset"],
                "clips": real.clips.count,
                "skipped": real.clips.dataset.report.to_dict(),
            }
            for real in self._real.values()
        }
