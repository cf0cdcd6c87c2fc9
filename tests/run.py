"""Runs the suite on every backend, and merges coverage and the table of parity.

    python -m tests.run              the suite, then the figures
    python -m tests.run --heavy      the heavy tests alone
    python -m tests.run --parity     write the table into docs/parity.md

A backend is a process of its own: Keras chooses it when it is imported. As many run at
the same time as there are cores, each on its share of them; the heavy tests run one
backend after the other, for their memory. Tests that no backend touches (video files,
presets on disk, the command line) run once.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = ("tensorflow", "jax", "torch")  # the longest first
ONCE = (
    "tests/io",
    "tests/cli",
    "tests/docs",
    "tests/examples",
    "tests/notebooks",
    "tests/page",
    "tests/data/builders",
    "tests/data/layouts",
    "tests/data/simulation",
    "tests/data/sources",
    "tests/data/stream",
)
# Most of what the tests cost on JAX is compiling programs that run once: these flags
# leave out what makes machine code faster, and halve it.
_QUICK_TO_COMPILE = {
    "XLA_FLAGS": "--xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true"
}
PARITY_PAGE = ROOT / "docs" / "parity.md"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--heavy", action="store_true", help="run the heavy tests")
    parser.add_argument("--parity", action="store_true", help="write docs/parity.md")
    parser.add_argument("--backend", choices=BACKENDS, help="one backend only")
    options, pytest_arguments = parser.parse_known_args()
    backends = (options.backend,) if options.backend else BACKENDS
    at_once = 1 if options.heavy else min(len(backends), len(_cores()))

    with tempfile.TemporaryDirectory() as folder:

        def run(backend):
            arguments = (backend, folder, options.heavy, pytest_arguments)
            return _run(*arguments, backend == backends[0], at_once > 1)

        shares = itertools.count()
        pool = ThreadPoolExecutor(
            at_once, initializer=lambda: _pin(next(shares), at_once)
        )
        with pool:
            results = dict(zip(backends, pool.map(run, backends), strict=True))
        failed = [backend for backend in backends if results[backend][0]]
        if not options.heavy:
            _coverage(folder)
            table = _parity_table(folder, backends)
            print(table)
            if options.parity and not failed:
                PARITY_PAGE.write_text(_PARITY_HEAD + table)
    for backend in backends:
        print(f"{backend}: {results[backend][1]}")
    if failed:
        sys.exit(f"Failed on {', '.join(failed)}")


def _cores():
    """The cores that this thread may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _pin(share, shares):
    """Gives this thread, and the processes that it starts, a share of the cores.

    A framework makes as many threads as it sees cores: two would be in each other's way.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, _cores()[share::shares])


_printing = threading.Lock()


def _run(backend, folder, heavy, pytest_arguments, first, capture):
    """One pytest process; returns whether it failed, and its last line.

    What is captured is printed when the process ends, in one piece.
    """
    command = [sys.executable, "-m", "pytest", "-q", *pytest_arguments]
    if heavy:
        command += ["-m", "heavy"]
    else:
        command += ["--cov", "--cov-report="]
    if not first:
        command += [f"--ignore={path}" for path in ONCE]
    environment = {
        **os.environ,
        **(_QUICK_TO_COMPILE if backend == "jax" else {}),
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PARITY_DIR": folder,
        "COVERAGE_FILE": str(Path(folder) / f".coverage.{backend}"),
        "RUN_ONCE": "1" if first else "",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if capture else {}
    print(f"=== {backend} starts ===", flush=True)
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, **pipes)
    seconds = f"{time.perf_counter() - start:.0f} s"
    if not capture:
        return done.returncode not in _PASSED, seconds
    with _printing:
        print(f"\n=== {backend} ===\n{done.stdout}", flush=True)
    last = done.stdout.strip().splitlines()[-1:]
    return done.returncode not in _PASSED, "".join(last) or seconds


_PASSED = (0, 5)  # 5: no test of that kind


def _coverage(folder):
    environment = {**os.environ, "COVERAGE_FILE": str(Path(folder) / ".coverage")}
    for step in (["combine", "-q"], ["report"]):
        command = [sys.executable, "-m", "coverage", *step]
        subprocess.run(command, cwd=ROOT, env=environment, check=False)


_PARITY_HEAD = """# Official code against three backends

Made by `make parity`; every line is asserted by the suite. The figure is the largest
difference over the largest magnitude of the official result, in float32 on a CPU;
"exact" means that every id, mask or bit is equal. The inputs, weights and results of the
official code are in `tests/golden/`.

"""


def _parity_table(folder, backends):
    results = {}
    for backend in backends:
        path = Path(folder) / f"{backend}.json"
        results[backend] = json.loads(path.read_text()) if path.exists() else {}
    modules = sorted(set().union(*results.values()))
    lines = [
        f"| module | {' | '.join(backends)} |",
        f"|---|{'---|' * len(backends)}",
    ]
    for module in modules:
        errors = [results[backend].get(module) for backend in backends]
        cells = ["-" if e is None else f"{e:.0e}" if e else "exact" for e in errors]
        lines.append(f"| {module} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
