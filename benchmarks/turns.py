"""Processes that take turns: each measures a case, one run at a time, all in one hour.

Every process builds and warms up by itself; then they run one after the other, round
after round, so that whatever slows the machine down slows all of them.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.clock import Clock

ROOT = Path(__file__).resolve().parent.parent


class Failed(RuntimeError):
    """A process ended before it had a result; the message ends in what it said last."""


class Worker:
    """A process of `benchmarks.run` that waits for its turn.

    Args:
        case: the `Case` that it measures.
        options: further words for its command line.
        command: what to start; for tests.
    """

    def __init__(self, case, options=(), command=None):
        self.case = case
        command = command or [sys.executable, "-m", "benchmarks.run"]
        self._said = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [*command, *case.arguments(), "--in-turns", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        try:
            self._await(Clock.READY)
        except BaseException:
            self.close()
            raise

    def run(self):
        """One run; its seconds."""
        self._tell(Clock.GO)
        seconds = float(self._await(Clock.DONE))
        self._await(Clock.READY)
        return seconds

    def finish(self):
        """Ends the runs; the line of results."""
        self._tell(Clock.STOP)
        return json.loads("{" + self._await("{"))

    def close(self):
        """Ends the process, whatever it does."""
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def _tell(self, word):
        try:
            self._process.stdin.write(f"{word}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None

    def _await(self, word):
        """Reads on to a line that begins with `word`; the rest of the line."""
        for line in self._process.stdout:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise self._failure()

    def _failure(self):
        self._process.wait()
        self._said.seek(0)
        last = self._said.read().strip().splitlines()[-6:]
        return Failed(f"{self.case} failed:\n" + "\n".join(last))


def measure(cases, rounds, show=lambda line: None, options=(), make=Worker):
    """Measures cases in turns.

    Args:
        cases: one a process; all are in memory together.
        rounds: runs of each that count.
        show: function of a line of progress.
        options: further words for `benchmarks.run`.
        make: makes a worker; for tests.

    Returns:
        `(lines, failures)`: results, and `Failed` errors of cases that had none.
    """
    workers, alive, found, failures = [], [], [], []

    def attempt(case, action):
        try:
            return action()
        except Failed as error:
            failures.append(error)
            show(f"{case}: failed")
            return None

    try:
        for case in cases:
            show(f"{case}: warming up")
            worker = attempt(case, lambda case=case: make(case, options))
            if worker is None:
                continue
            workers.append(worker)
            if attempt(case, worker.run) is not None:
                alive.append(worker)
        for number in range(1, rounds + 1):
            for worker in list(alive):
                taken = attempt(worker.case, worker.run)
                if taken is None:
                    alive.remove(worker)
                else:
                    show(f"{worker.case}: run {number} of {rounds}, {taken:.3f} s")
        for worker in alive:
            show(f"{worker.case}: its ceiling")
            line = attempt(worker.case, worker.finish)
            if line is not None:
                found.append(line)
    finally:
        for worker in workers:
            worker.close()
    return found, failures
