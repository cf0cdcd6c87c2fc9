"""Bars for work of many parts, where stderr is a terminal."""

import sys


class Bars:
    """Progress bars by label, taken away at the end.

    Args:
        console: the command's `Console`; its notes are told before the first bar.

    Example:
        >>> with Bars(console) as bars:
        ...     bars("frame_prediction", 3, 10)
    """

    def __init__(self, console):
        self._console = console
        shown = not console.quiet and sys.stderr.isatty()
        self._shown: dict | None = {} if shown else None

    def __enter__(self):
        if self._shown is not None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self._console.release()
            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(file=sys.stderr),
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(self, *exception):
        if self._shown is not None:
            self._bars.stop()

    def __call__(self, label, done, total):
        """Draws the bar of a label at `done` of `total`."""
        if self._shown is None:
            return
        if label not in self._shown:
            self._shown[label] = self._bars.add_task(label, total=total)
        self._bars.update(self._shown[label], completed=done, total=total)
