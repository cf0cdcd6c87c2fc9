"""How time and memory grow with batch, frames, resolution and size.

    python -m benchmarks.scaling --quick
    python -m benchmarks.scaling --backend torch --dtype bfloat16
    python -m benchmarks.scaling --work train-transformer --axes batch --batches 1 2 4

From one base case, one axis at a time is changed. Each measurement is a process of its
own, for its memory. Results are kept in --out: scaling.jsonl, and written to scaling.md
and scaling.png; what stands there is not measured again.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import lines, report
from benchmarks.case import BACKENDS, DTYPES, MODELS, WORKS, Case
from benchmarks.progress import Steps

ROOT = Path(__file__).resolve().parent.parent
AXES = {
    "batch": (1, 2, 4, 8),
    "frames": (8, 16, 32),
    "size": (64, 128, 192),
    "model": ("B", "L"),
}
_TITLES = {"batch": "clips", "frames": "frames", "size": "pixels", "model": "size"}


def cases(base, axes):
    """`{axis: [Case, ...]}`: the base case with one value changed."""
    return {
        axis: [base.replace(**{axis: value}) for value in values]
        for axis, values in axes.items()
    }


def parser():
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--work", default="generate", choices=WORKS)
    made.add_argument("--backend", default="torch", choices=BACKENDS)
    made.add_argument("--dtype", default="bfloat16", choices=DTYPES)
    made.add_argument("--model", default="B", choices=MODELS, help="of the base case")
    made.add_argument(
        "--base-size", type=int, default=128, help="pixels of the base case"
    )
    made.add_argument("--axes", nargs="+", default=list(AXES), choices=list(AXES))
    for axis, kind in (("batch", int), ("frame", int), ("size", int), ("model", str)):
        field = "frames" if axis == "frame" else axis
        name = "batches" if axis == "batch" else f"{axis}s"
        made.add_argument(f"--{name}", nargs="+", type=kind, default=AXES[field],
                          dest=f"values_{field}", metavar=field.upper())  # fmt: skip
    made.add_argument("--repeats", type=int, default=2, help="runs that count")
    made.add_argument("--out", default="benchmarks/results", help="folder")
    made.add_argument("--again", action="store_true", help="measure all anew")
    made.add_argument("--quick", action="store_true", help="tiny models, few values")
    made.add_argument("--render", action="store_true", help="measure nothing, write")
    made.add_argument("--quiet", action="store_true", help="no progress")
    return made


def main(arguments=None):
    made = parser()
    options = made.parse_args(arguments)
    axes = {axis: tuple(getattr(options, f"values_{axis}")) for axis in options.axes}
    frames = 16
    if options.quick:
        options.model, options.base_size, options.repeats, frames = "tiny", 16, 1, 8
        few = {"batch": (1, 2), "frames": (4, 8), "size": (8, 16), "model": ("tiny",)}
        axes = {axis: few[axis] for axis in axes}
    try:
        base = Case(
            options.work, options.backend, options.dtype, options.model,
            options.base_size, frames,
        )  # fmt: skip
        by_axis = cases(base, axes)
    except ValueError as error:
        made.error(str(error))

    folder = Path(options.out)
    path = folder / "scaling.jsonl"
    kept = {} if options.again else lines.latest(lines.read(path))
    wanted = {case.key: case for axis in by_axis.values() for case in axis}
    missing = [case for key, case in wanted.items() if key not in kept]
    failures = [] if options.render else _measure(missing, options, path)
    kept = lines.latest(lines.read(path))
    command = report.command("benchmarks.scaling", arguments or sys.argv[1:])
    write(folder, base, by_axis, kept, command)
    print(table(by_axis, kept))
    if failures:
        sys.exit("\n\n".join(failures))


def _measure(missing, options, path):
    failures = []
    with Steps(len(missing), options.quiet) as steps:
        for case in missing:
            steps.show(str(case))
            command = [sys.executable, "-m", "benchmarks.run", *case.arguments()]
            command += ["--repeats", str(options.repeats), "--no-ceiling"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            if done.returncode:
                last = "\n".join(done.stderr.strip().splitlines()[-6:])
                failures.append(f"{case} failed:\n{last}")
            else:
                lines.append(path, json.loads(done.stdout.splitlines()[-1]))
            steps.advance()
    return failures


# === Table and plot ==================================================================


def table(by_axis, kept):
    """Markdown: seconds, seconds a frame, GFLOP/s and memory by axis."""
    rows = [
        "| axis | value | seconds | a frame | GFLOP/s | most memory |",
        "|---|---|---|---|---|---|",
    ]
    for axis, made in by_axis.items():
        for case in made:
            line = kept.get(case.key)
            if line is None:
                continue
            rows.append(
                f"| {_TITLES[axis]} | {getattr(case, axis)} | "
                f"{report.amount(line['seconds'])} s | "
                f"{report.amount(line['seconds_a_frame'])} s | "
                f"{report.amount(line['gflops_per_second'])} | "
                f"{line['peak_memory_gib']:.2f} GiB |"
            )
    return "\n".join(rows)


def write(folder, base, by_axis, kept, command):
    """Writes scaling.md and scaling.png."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [kept[c.key] for made in by_axis.values() for c in made if c.key in kept]
    text = f"""{table(by_axis, kept)}

From {base}, one axis at a time; medians, and the most resident memory of the process,
Python and the framework included.

    {command}

{report.footnote(found)}
"""
    report.write_text(folder / "scaling.md", text)
    if found:
        report.write_plot(
            folder / "scaling.png", lambda figure: _draw(figure, by_axis, kept), (10, 4)
        )


def _draw(figure, by_axis, kept):
    every = figure.subplots(2, len(by_axis), squeeze=False, sharey="row")
    for column, (axis, made) in enumerate(by_axis.items()):
        found = [(str(getattr(c, axis)), kept[c.key]) for c in made if c.key in kept]
        values = [value for value, _ in found]
        for row, field in enumerate(("seconds", "peak_memory_gib")):
            every[row][column].bar(values, [line[field] for _, line in found], 0.6)
        every[1][column].set_xlabel(_TITLES[axis])
    every[0][0].set_ylabel("seconds")
    every[1][0].set_ylabel("GiB")


if __name__ == "__main__":
    main()
