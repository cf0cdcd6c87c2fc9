"""How far a command is: a bar on a terminal, lines elsewhere."""

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)


class Steps:
    """Tells which of `total` parts is under way.

    Example:
        >>> with Steps(2) as steps:
        ...     steps.show("first")
        ...     steps.advance()
    """

    def __init__(self, total, quiet=False):
        self._total = total
        self._done = 0
        self._quiet = quiet
        self._bar = None
        if sys.stderr.isatty() and not quiet:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(file=sys.stderr),
                transient=True,
            )

    def __enter__(self):
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._total)
        return self

    def __exit__(self, *exception):
        if self._bar is not None:
            self._bar.stop()

    def show(self, line):
        """What is going on."""
        if self._bar is not None:
            self._bar.update(self._task, description=line)
        elif not self._quiet:
            print(
                f"[{self._done + 1}/{self._total}] {line}", file=sys.stderr, flush=True
            )

    def advance(self):
        """A part is done."""
        self._done += 1
        if self._bar is not None:
            self._bar.advance(self._task)
