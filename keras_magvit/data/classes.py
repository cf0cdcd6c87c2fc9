"""Labels of a source to labels of a dataset."""

from collections.abc import Mapping, Sequence

from keras_magvit.data.source import UNLABELLED


class ClassMap:
    """Renumbers, renames or merges the classes of a source.

    Args:
        source_names: the classes of the source, by label.
        classes: None keeps them; a sequence of names gives the labels in that order; a
            mapping from names of the source to new names renames or merges, with labels
            in the order in which the new names first appear. Videos of classes that are
            not named become unlabelled (-1).

    Attributes:
        names: the class names of the dataset, by label.

    Raises:
        ValueError: if `classes` names a class twice, or none that the source has.
    """

    def __init__(
        self,
        source_names: Sequence[str],
        classes: Sequence[str] | Mapping[str, str] | None = None,
    ) -> None:
        if classes is None:
            classes = list(source_names)
        if isinstance(classes, Mapping):
            renamed = dict(classes)
        else:
            renamed = {name: name for name in classes}
            if len(renamed) != len(classes):
                raise ValueError(
                    f"classes must be different names. Received: classes={classes!r}"
                )
        self.names = tuple(dict.fromkeys(renamed.values()))
        if renamed and not set(renamed) & set(source_names):
            raise ValueError(
                "classes must name classes of the source, which has "
                f"{list(source_names)[:10]}. Received: classes={list(renamed)[:10]}"
            )
        places = {name: label for label, name in enumerate(self.names)}
        self._labels = [
            places[renamed[name]] if name in renamed else UNLABELLED
            for name in source_names
        ]

    def __call__(self, label: int) -> int:
        """Returns the dataset's label of a source's label; -1 stays -1."""
        return self._labels[label] if label >= 0 else UNLABELLED
