"""Whether generated clips show the class that was asked for, as a classifier reads them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Arrays of one label a sample, as `samples` keeps them.
ASKED, READ, READ_OF_REAL = "asked_class", "read_class", "read_class_of_real"
NAMES = (ASKED, READ, READ_OF_REAL)


@dataclass(frozen=True)
class ClassReading:
    """What a classifier read from the generated clips of one task.

    Attributes:
        class_names: by label.
        counts: `counts[asked][read]`, clips of all repeats.
        classifier: what reports call it.
        weights_sha256: of its weights.

    Example:
        >>> reading = report.tasks[0].classes
        >>> reading.class_names
    """

    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    classifier: str
    weights_sha256: str | None

    @classmethod
    def of(cls, repeats, classifier):
        """The reading of what `measure_repeat` gave; None where no class was asked for."""
        if ASKED not in repeats[0]:
            return None
        names = tuple(classifier.class_names)
        counts = np.zeros((len(names), len(names)), int)
        for repeat in repeats:
            np.add.at(counts, (repeat[ASKED], repeat[READ]), 1)
        rows = tuple(tuple(row) for row in counts.tolist())
        return cls(names, rows, classifier.name, classifier.weights_sha256)

    def as_dict(self) -> dict[str, Any]:
        """As a dict that JSON can hold."""
        return {
            "class_names": list(self.class_names),
            "counts": [list(row) for row in self.counts],
            "classifier": self.classifier,
            "weights_sha256": self.weights_sha256,
        }


def read_classes(classifier, real, fake, labels):
    """Arrays of one label for each clip.

    Args:
        classifier: has `classes(video)` and `class_names`.
        real: clips of the classes asked for, `(B, T, H, W, 3)`.
        fake: generated clips.
        labels: the classes asked for, `(B,)`.

    Raises:
        ValueError: on a label that the classifier does not know.
    """
    count = len(classifier.class_names)
    if labels.min() < 0 or labels.max() >= count:
        raise ValueError(
            f"The classifier {classifier.name!r} knows labels in [0, {count}). "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )
    return {
        ASKED: np.asarray(labels),
        READ: np.asarray(classifier.classes(fake)),
        READ_OF_REAL: np.asarray(classifier.classes(real)),
    }


def accuracies(repeats):
    """Name -> share of each repeat's clips that show the class asked for."""
    if ASKED not in repeats[0]:
        return {}
    return {
        "class_accuracy": [np.mean(r[READ] == r[ASKED]) for r in repeats],
        "class_accuracy_of_real": [
            np.mean(r[READ_OF_REAL] == r[ASKED]) for r in repeats
        ],
    }
