"""What a dataset could not use, by name."""

from dataclasses import dataclass, field

# How many names a printed report shows.
_SHOWN = 20


@dataclass
class SkipReport:
    """The videos that gave no clips, with the reason of each.

    It grows as a dataset is read: what was not looked at yet is not in it.

    Attributes:
        unreadable: key of the video -> one line that says what is wrong with it.
        short: key of the video -> one line with its length, less than the window's.

    Example:
        >>> dataset = ClipDataset(MovingShapes(10, num_frames=8), num_frames=4)
        >>> len(dataset.report.unreadable)
        0
    """

    unreadable: dict[str, str] = field(default_factory=dict)
    short: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, reason: str, *, short: bool = False) -> None:
        """Notes one video."""
        (self.short if short else self.unreadable)[key] = reason

    def merge(self, other: "SkipReport") -> None:
        """Adds what another report of the same dataset found."""
        self.unreadable.update(other.unreadable)
        self.short.update(other.short)

    def __len__(self) -> int:
        """The number of videos skipped."""
        return len(self.unreadable) + len(self.short)

    def __contains__(self, key: str) -> bool:
        return key in self.unreadable or key in self.short

    def __getitem__(self, key: str) -> str:
        """The reason why a video was skipped."""
        return self.short[key] if key in self.short else self.unreadable[key]

    def to_dict(self) -> dict[str, dict[str, str]]:
        """Returns the report as plain data, for JSON."""
        return {
            "unreadable": dict(sorted(self.unreadable.items())),
            "short": dict(sorted(self.short.items())),
        }

    def __str__(self) -> str:
        if not len(self):
            return "No video was skipped."
        rows = [*sorted(self.unreadable.items()), *sorted(self.short.items())]
        lines = [f"  {key}: {why}" for key, why in rows[:_SHOWN]]
        if len(rows) > _SHOWN:
            lines.append(f"  and {len(rows) - _SHOWN} more")
        head = f"{len(self.unreadable)} unreadable and {len(self.short)} short video(s)"
        return "\n".join([f"{head} skipped:", *lines])
