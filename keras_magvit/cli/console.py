"""What a command says: results on stdout, notes and progress on stderr."""

import sys

_BAR = 24


class Console:
    """The voice of one command.

    Notes are held back until the command has succeeded, and dropped if it fails: an
    error is one line and no other. On a terminal, whoever waits gets them at the first
    sign of progress.

    Args:
        quiet: say nothing but results and errors.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._notes: list[str] = []
        self._drawn = False

    def say(self, line: str) -> None:
        """Prints a result, which `quiet` does not hide."""
        print(line)

    def wrote(self, path: str) -> None:
        """Tells where an output is."""
        if not self.quiet:
            print(f"wrote {path}")

    def tell(self, line: str) -> None:
        """Prints how far a long work is; at once, also into a file."""
        if not self.quiet:
            print(line, flush=True)

    def note(self, line: str) -> None:
        """Keeps a remark about the input, for stderr."""
        self._notes.append(" ".join(line.split()))

    def progress(self, label: str, done: int, total: int) -> None:
        """Draws `label` with a bar at `done` of `total`, where stderr is a terminal."""
        if self.quiet or not sys.stderr.isatty():
            return
        if done:
            self.release()
        filled = _BAR * done // total
        bar = "#" * filled + "." * (_BAR - filled)
        sys.stderr.write(f"\r{label} [{bar}] {done}/{total}")
        sys.stderr.flush()
        self._drawn = True
        if done == total:
            self.clear()

    def clear(self) -> None:
        """Takes the bar away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False

    def release(self) -> None:
        """Prints the notes kept so far."""
        if self._notes and not self.quiet:
            self.clear()
            for line in self._notes:
                print(f"note: {line}", file=sys.stderr)
        self._notes = []
