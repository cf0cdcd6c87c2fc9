"""Numbers with their spread, and all that they depend on."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from keras_magvit.evaluation import class_reading
from keras_magvit.evaluation.measures import LOWER_IS_BETTER
from keras_magvit.metrics import frechet_video
from keras_magvit.metrics.inception_score import inception_score


@dataclass(frozen=True)
class Score:
    """One metric of one task.

    Attributes:
        mean: over the repeats.
        std: standard deviation of the repeats (n - 1); None for a single one.
        repeats: the value of each.

    Example:
        >>> score = km.evaluation.Score(12.5, 0.5, (12.0, 13.0))
        >>> score.mean
        12.5
    """

    mean: float
    std: float | None
    repeats: tuple[float, ...]

    @classmethod
    def of(cls, values):
        """The score of the values of all repeats."""
        values = tuple(float(value) for value in values)
        std = None
        if len(values) > 1:
            finite = bool(np.isfinite(values).all())
            std = float(np.std(values, ddof=1)) if finite else float("nan")
        return cls(float(np.mean(values)), std, values)

    def __str__(self):
        spread = "" if self.std is None else f" ± {self.std:.4g}"
        return f"{self.mean:.4g}{spread}"


@dataclass(frozen=True)
class TaskResult:
    """What one task scored.

    Attributes:
        task: its name.
        scores: name of the metric -> `Score`.
        num_real: real clips of the Fréchet distance.
        num_fake: generated clips of each repeat.
        real: which clips are the real ones, in words.
        fvd_protocol: what the features depend on: length, sizes, resize, weights.
        bias_card: `BiasCard` of these real clips, or None.
        shown: pixels for the page: "real", "condition", "generated" -> uint8
            `(n, T, H, W, 3)`; not part of `as_dict`.
        classes: `ClassReading` of a task that asks for a class, or None.

    Example:
        >>> result = report.tasks[0]
        >>> result.scores["fvd"].mean
    """

    task: str
    scores: dict[str, Score]
    num_real: int
    num_fake: int
    real: str
    fvd_protocol: dict[str, Any]
    bias_card: Any
    shown: dict[str, np.ndarray]
    classes: Any = None

    def as_dict(self):
        """As a dict that JSON can hold."""
        return {
            "task": self.task,
            "scores": {name: asdict(score) for name, score in self.scores.items()},
            "num_real": self.num_real,
            "num_fake": self.num_fake,
            "real": self.real,
            "fvd_protocol": self.fvd_protocol,
            "bias_card": self.bias_card and self.bias_card.as_dict(),
            "classes": self.classes and self.classes.as_dict(),
        }


@dataclass(frozen=True)
class Report:
    """The outcome of an evaluation.

    Attributes:
        protocol: fields of the protocol's row, as it stands in the table.
        deviations: where this run departed from it, in words; empty if nowhere.
        run: name and hash of the model, sampling, seed, batch size, backend, dtype,
            date and versions.
        dataset: what is known of the real clips, by the words that describe them.
        tasks: a `TaskResult` each.
        not_measured: metric -> why it is missing.

    Example:
        >>> report = km.evaluation.evaluate(model, "simulated_pushing", "cache/")
        >>> [result.task for result in report.tasks]
    """

    protocol: dict[str, Any]
    deviations: tuple[str, ...]
    run: dict[str, Any]
    dataset: dict[str, Any]
    tasks: tuple[TaskResult, ...]
    not_measured: dict[str, str]

    @property
    def name(self):
        """The protocol's name, with a mark where the run departed from it."""
        return self.protocol["name"] + (" (modified)" if self.deviations else "")

    def as_dict(self):
        """As a dict that JSON can hold; numbers that are not finite become text."""
        return _plain(
            {
                "protocol": self.protocol,
                "deviations": list(self.deviations),
                "run": self.run,
                "dataset": self.dataset,
                "tasks": [task.as_dict() for task in self.tasks],
                "not_measured": self.not_measured,
            }
        )


def scores_of(repeats, real, measures, num_frames, samples_per_clip):
    """The scores of one task.

    Args:
        repeats: what `measure_repeat` gave, one each.
        real: `FeatureStatistics` of the real clips.
        measures: `Measures`.
        num_frames: T.
        samples_per_clip: M; above 1 the best of them count too.

    Returns:
        Name -> `Score`, and the `FVDResult` of the first repeat.
    """
    results = [
        frechet_video.compare(real, measures.statistics(r["features"], num_frames))
        for r in repeats
    ]
    # "fvd" on the reference's grid alone.
    scores = {results[0].name: Score.of(result.value for result in results)}
    if "logits" in repeats[0]:
        values = (inception_score(repeat["logits"])[0] for repeat in repeats)
        scores["inception_score"] = Score.of(values)
    for name, shares in class_reading.accuracies(repeats).items():
        scores[name] = Score.of(shares)
    unscored = ("features", "logits", "places", *class_reading.NAMES)
    for name in repeats[0]:
        if name in unscored or name.startswith("shown_"):
            continue
        if name == "code_counts":
            scores.update(_codebook([r[name] for r in repeats]))
            continue
        scores[name] = Score.of(np.mean(r[name]) for r in repeats)
        if samples_per_clip > 1 and not name.startswith("generated_psnr_of"):
            best = Score.of(_best(name, r[name], r["places"]) for r in repeats)
            scores[f"{name}_best_of_{samples_per_clip}"] = best
    return scores, results[0]


def _best(name, values, places):
    """Mean over the clips of the best of each clip's samples."""
    better = np.min if name.startswith(LOWER_IS_BETTER) else np.max
    return np.mean([better(values[places == place]) for place in np.unique(places)])


def _codebook(counts):
    """Share of the codes in use, and the perplexity of the ids."""
    shares = [count / count.sum() for count in counts]
    entropies = [-np.sum(s[s > 0] * np.log(s[s > 0])) for s in shares]
    return {
        "codebook_usage": Score.of(np.mean(share > 0) for share in shares),
        "codebook_perplexity": Score.of(np.exp(entropy) for entropy in entropies),
    }


def _plain(value):
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
