"""Labels as they are written in lists and archives: names, numbers, or none."""

from collections.abc import Sequence

from keras_magvit.data.source import UNLABELLED

# A list whose labels are numbers has at most so many classes.
_MOST_CLASSES = 2**20


def number_labels(
    labels: Sequence[str | None], class_names: Sequence[str] | None = None
) -> tuple[tuple[str, ...], list[int]]:
    """Numbers the labels of videos.

    Args:
        labels: a label for each video, as it is written; None or "" where it has none.
        class_names: the classes by label; labels may be their names or their numbers.
            None takes whole numbers as they are, and numbers other names by alphabet.

    Returns:
        The class names, and a label for each video, -1 where it has none.

    Raises:
        ValueError: for a label that is no class, or a number too large.
    """
    written = [(label or "").strip() for label in labels]
    used = {label for label in written if label}
    if class_names is not None:
        names = tuple(class_names)
    elif used and all(label.isdecimal() and label.isascii() for label in used):
        largest = max(
            int(label[:9]) if len(label) > 9 else int(label) for label in used
        )
        if largest >= _MOST_CLASSES:
            raise ValueError(
                f"labels that are numbers must be below {_MOST_CLASSES}. "
                f"Received: label={largest}"
            )
        names = tuple(str(label) for label in range(largest + 1))
    else:
        names = tuple(sorted(used))
    numbers = {str(number): number for number in range(len(names))}
    numbers |= {name: number for number, name in enumerate(names)}
    unknown = sorted(used - set(numbers))
    if unknown:
        raise ValueError(
            f"labels must be among the classes {list(names)[:10]}. "
            f"Received: label={unknown[0]!r}"
        )
    return names, [numbers[label] if label else UNLABELLED for label in written]
