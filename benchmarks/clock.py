"""Times runs: alone, or in turns with other processes."""

import statistics
import sys
import time


class Clock:
    """Times runs of a job until there are enough.

    The first run compiles and warms up, and does not count. In turns, a process waits
    for a word on its input before each run, and tells when the run is over: `compare`
    lets several processes take turns, so that all see the same machine.

    Args:
        repeats: runs that count.
        seconds: no further run begins after so long, once one counts.
        in_turns: whether to wait for `GO` before each run; `STOP` ends them.
        show: function of a line of progress.
        now: what tells the time.

    Example:
        >>> while not clock.done:
        ...     clock.start()
        ...     wait(run())
        ...     clock.stop()
    """

    GO, STOP, READY, DONE = "go", "stop", "ready", "done"

    def __init__(
        self,
        repeats=5,
        seconds=60.0,
        in_turns=False,
        show=lambda line: None,
        now=time.perf_counter,
    ):
        if repeats < 1:
            raise ValueError(f"`repeats` must be at least 1. Received: {repeats=}")
        self.repeats = repeats
        self.limit = seconds
        self.in_turns = in_turns
        self.first = None
        self.seconds = []
        self.parts = []
        self.done = False
        self._show = show
        self._now = now
        self._wait()

    def start(self):
        """Called when a run begins."""
        self._begun = self._now()

    def elapsed(self):
        """Seconds since the run began."""
        return self._now() - self._begun

    def stop(self, **parts):
        """Called when a run's results are there; `parts` are seconds of its parts."""
        taken = self.elapsed()
        if self.first is None:
            self.first = taken
            self._show(f"first run {taken:.2f} s")
        else:
            self.seconds.append(taken)
            self.parts.append(parts)
            self._show(f"run {len(self.seconds)} {taken:.3f} s")
        if self.in_turns:
            self._tell(f"{self.DONE} {taken:.6f}")
            self._wait()
        else:
            counted = len(self.seconds)
            late = counted and sum(self.seconds) >= self.limit
            self.done = counted >= self.repeats or bool(late)

    def _wait(self):
        if self.in_turns:
            self._tell(self.READY)
            self.done = sys.stdin.readline().strip() != self.GO

    def _tell(self, word):
        print(word, flush=True)

    def result(self):
        """The figures, as they stand in a line of results."""
        counted = self.seconds or [self.first]
        median = statistics.median(counted)
        return {
            "seconds": median,
            "seconds_low": min(counted),
            "seconds_high": max(counted),
            "runs": [round(s, 6) for s in counted],
            "first_seconds": self.first,
            "compile_seconds": max(0.0, self.first - median),
            "parts": {
                name: statistics.median(p[name] for p in self.parts)
                for name in (self.parts[0] if self.parts else ())
            },
        }
