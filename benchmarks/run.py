"""Measures one job of one model on one backend, and prints one JSON line.

    python -m benchmarks.run --work forward --backend torch --dtype bfloat16
    python -m benchmarks.run --work train-tokenizer --backend plain-jax --size 64 \\
        --padding same --repeats 3 --out benchmarks/results/speed.jsonl

The line tells the median of the runs and their spread, what the first run took beyond
it, the most memory, the operations (counted from the layers), and which share of the
backend's own kernels that is, measured in the same process. With --out the line is added
to a file, and a case that stands there is not measured again.
"""

import argparse
import datetime
import importlib
import json
import os
import sys

from benchmarks import case as cases
from benchmarks import ceiling, flops, frameworks, lines, machine
from benchmarks.clock import Clock


def measure(case, clock, show=lambda line: None, with_ceiling=True):
    """Measures a case in this process.

    Args:
        case: `Case`.
        clock: `Clock`; when it is done, so is the measurement.
        show: function of a line of progress.
        with_ceiling: whether to measure the backend's own kernels too.

    Returns:
        A line: dict of `lines.FIELDS` and "case".
    """
    framework = frameworks.of(case.backend)
    jobs = "benchmarks.plain_jobs" if case.backend == "plain-jax" else "benchmarks.jobs"
    jobs = importlib.import_module(jobs)
    importlib.import_module("keras_magvit")
    before, load = machine.resident_gib(), machine.load()
    show(f"building {case}")
    jobs.run(case, clock)
    if clock.first is None:
        return None
    peak, peak_device = (
        machine.peak_resident_gib(),
        frameworks.peak_device_gib(case.backend),
    )
    layers = flops.of(case)
    operations = sum(flops.total(layers).values())
    timed = clock.result()
    found = None
    if with_ceiling:
        show("measuring the ceiling")
        found = ceiling.measure(case, layers)
    return {
        "key": case.key,
        "case": case.config(),
        **timed,
        "seconds_a_frame": timed["seconds"] / case.batch / case.frames,
        "peak_memory_gib": peak,
        "memory_before_gib": before,
        "peak_device_memory_gib": peak_device,
        "flops": operations,
        "gflops_per_second": operations / timed["seconds"] / 1e9,
        "ceiling": found,
        "share_of_ceiling": found and ceiling.share(layers, found, timed["seconds"]),
        "device": framework.device(),
        "machine": machine.processor(),
        "threads": machine.cores(),
        "load": load,
        "versions": machine.versions(case.backend),
        "date": datetime.date.today().isoformat(),
    }


def parser():
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cases.add_arguments(made)
    made.add_argument("--repeats", type=int, default=5, help="runs that count (5)")
    made.add_argument(
        "--seconds", type=float, default=60, help="begin no run after so many (60)"
    )
    made.add_argument("--threads", type=int, help="cores to use; all there are")
    made.add_argument("--out", metavar="FILE", help="JSON lines to add the line to")
    made.add_argument("--again", action="store_true", help="measure what --out holds")
    made.add_argument(
        "--no-ceiling", action="store_true", help="leave the ceiling out: seconds less"
    )
    made.add_argument("--quiet", action="store_true", help="no progress on stderr")
    made.add_argument("--in-turns", action="store_true", help=argparse.SUPPRESS)
    return made


def main(arguments=None):
    made = parser()
    options = made.parse_args(arguments)
    try:
        case = cases.from_options(options)
        kept = lines.latest(lines.read(options.out)) if options.out else {}
        if options.threads is not None:
            machine.use_cores(options.threads)
    except ValueError as error:
        made.error(str(error))
    if case.key in kept and not options.again:
        print(json.dumps(kept[case.key]))
        return

    def show(line):
        if not options.quiet:
            print(line, file=sys.stderr, flush=True)

    backend = "jax" if case.backend == "plain-jax" else case.backend
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    clock = Clock(options.repeats, options.seconds, options.in_turns, show)
    line = measure(case, clock, show, not options.no_ceiling)
    if line is None:
        return
    if options.out:
        lines.append(options.out, line)
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
