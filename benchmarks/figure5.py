"""Seconds a frame of MAGVIT and its rivals, by resolution: the paper's Figure 5.

    python -m benchmarks.figure5 --quick
    python -m benchmarks.figure5 --backend torch --dtype bfloat16 --sizes 64 128

One step of each method and one decoding of its tokenizer are timed; a clip costs the
step times the number of steps, plus the decoding. (`benchmarks.run --work generate`
times whole clips of MAGVIT.) Results are kept in --out: figure5.jsonl, and written to
figure5.md and figure5.png; what stands there is not measured again.
"""

import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import frameworks, lines, machine, report, systems
from benchmarks.case import BACKENDS, DTYPES, MODELS
from benchmarks.clock import Clock
from benchmarks.progress import Steps

ROOT = Path(__file__).resolve().parent.parent


def measure(name, case, repeats):
    """A line of results for one system, measured in this process."""
    system = systems.SYSTEMS[name]
    taken = systems.measure(system, case, lambda: Clock(repeats, 60))
    steps = system.steps(case)
    whole = steps * taken["step_seconds"] + taken["tokenizer_seconds"]
    frames = case.batch * case.frames
    return {
        "key": key(name, case),
        "system": name,
        "case": case.config(),
        "sequence": system.sequence(case),
        "steps": steps,
        **taken,
        "seconds_a_frame": whole / frames,
        "transformer_seconds_a_frame": steps * taken["step_seconds"] / frames,
        "tokenizer_seconds_a_frame": taken["tokenizer_seconds"] / frames,
        "peak_memory_gib": machine.peak_resident_gib(),
        "device": frameworks.of(case.backend).device(),
        "machine": machine.processor(),
        "threads": machine.cores(),
        "versions": machine.versions(case.backend),
        "date": datetime.date.today().isoformat(),
    }


def key(name, case):
    """Names a measurement in the file of results."""
    return hashlib.sha256(f"{name} {case.key}".encode()).hexdigest()[:16]


# === The command =====================================================================


def parser():
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.figure5",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = list(systems.SYSTEMS)
    backends = [backend for backend in BACKENDS if backend != "plain-jax"]
    made.add_argument("--systems", nargs="+", default=names, choices=names,
                      metavar="SYSTEM", help=f"of {', '.join(names)}; all")  # fmt: skip
    made.add_argument("--sizes", nargs="+", type=int, default=[64, 128],
                      help="pixels (64 128); 256 needs memory for 16,384 tokens")  # fmt: skip
    made.add_argument("--backend", default="torch", choices=backends)
    made.add_argument("--dtype", default="bfloat16", choices=DTYPES)
    made.add_argument("--model", default="B", choices=MODELS)
    made.add_argument("--repeats", type=int, default=3, help="runs that count")
    made.add_argument("--out", default="benchmarks/results", help="folder")
    made.add_argument("--again", action="store_true", help="measure all anew")
    made.add_argument("--quick", action="store_true", help="a tiny model, 16 pixels")
    made.add_argument("--render", action="store_true", help="measure nothing, write")
    made.add_argument("--quiet", action="store_true", help="no progress")
    made.add_argument("--measure", choices=names, help=argparse.SUPPRESS)
    return made


def main(arguments=None):
    made = parser()
    options = made.parse_args(arguments)
    if options.quick:
        options.model, options.sizes, options.repeats = "tiny", [16], 1

    def case_at(size):
        return systems.case_of(options.backend, options.dtype, options.model, size)

    try:
        cases = [case_at(size) for size in options.sizes]
    except ValueError as error:
        made.error(str(error))
    if options.measure:
        line = measure(options.measure, cases[0], options.repeats)
        print(json.dumps(line))
        return

    folder = Path(options.out)
    path = folder / "figure5.jsonl"
    kept = {} if options.again else lines.latest(lines.read(path))
    wanted = [(name, case) for case in cases for name in options.systems]
    if not options.render:
        missing = [pair for pair in wanted if key(*pair) not in kept]
        failures = _measure_all(missing, options, path)
    kept = lines.latest(lines.read(path))
    found = [kept[key(*pair)] for pair in wanted if key(*pair) in kept]
    command = report.command("benchmarks.figure5", arguments or sys.argv[1:])
    write(folder, found, command)
    print(table(found))
    if not options.render and failures:
        sys.exit("\n\n".join(failures))


def _measure_all(wanted, options, path):
    """Measures each in a process of its own; what those said that failed."""
    failures = []
    with Steps(len(wanted), options.quiet) as steps:
        for name, case in wanted:
            steps.show(f"{name} at {case.size} pixels")
            command = [sys.executable, "-m", "benchmarks.figure5", "--measure", name]
            for field in ("backend", "dtype", "model"):
                command += [f"--{field}", getattr(case, field)]
            command += ["--sizes", str(case.size), "--repeats", str(options.repeats)]
            environment = {**os.environ, "KERAS_BACKEND": case.backend}
            environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True
            )
            if done.returncode:
                last = "\n".join(done.stderr.strip().splitlines()[-6:])
                failures.append(f"{name} at {case.size} pixels failed:\n{last}")
            else:
                lines.append(path, json.loads(done.stdout.splitlines()[-1]))
            steps.advance()
    return failures


# === Table and figure ================================================================


def table(found):
    """Markdown: sequence, steps, and seconds a frame by part."""
    rows = [
        "| | pixels | sequence | steps | a step | transformer, a frame | 3D-VQ or 2D-VQ, "
        "a frame | together | frames/s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for line in found:
        title = systems.SYSTEMS[line["system"]].title
        amounts = (
            line["step_seconds"],
            line["transformer_seconds_a_frame"],
            line["tokenizer_seconds_a_frame"],
            line["seconds_a_frame"],
        )
        texts = [f"{report.amount(value)} s" if value else "-" for value in amounts]
        rate = report.amount(1 / line["seconds_a_frame"])
        cells = [title, line["case"]["size"], f"{line['sequence']:,}", line["steps"]]
        rows.append(f"| {' | '.join(map(str, [*cells, *texts, rate]))} |")
    return "\n".join(rows)


def write(folder, found, command):
    """Writes figure5.md and figure5.png."""
    folder.mkdir(parents=True, exist_ok=True)
    notes = [f"{s.title}: {s.note}." for s in systems.SYSTEMS.values() if s.note]
    text = f"""{table(found)}

One step and one decoding were timed; the rest is steps times a step. {" ".join(notes)}

    {command}

{report.footnote(found)}
"""
    report.write_text(folder / "figure5.md", text)
    if found:
        report.write_plot(folder / "figure5.png", lambda figure: _draw(figure, found))


def _draw(figure, found):
    axes = figure.add_subplot()
    names = list(dict.fromkeys(line["system"] for line in found))
    sizes = sorted({line["case"]["size"] for line in found})
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        of_system = [line for line in found if line["system"] == name]
        places = [sizes.index(line["case"]["size"]) + i * width for line in of_system]
        whole = [line["seconds_a_frame"] for line in of_system]
        bars = axes.bar(places, whole, width * 0.9, label=systems.SYSTEMS[name].title)
        axes.bar_label(bars, [report.amount(value) for value in whole], fontsize=8)
        decoding = [line["tokenizer_seconds_a_frame"] for line in of_system]
        axes.bar(places, decoding, width * 0.9, color="none", hatch="////")
    axes.bar([0], [0], color="none", hatch="////", label="of it, the tokenizer")
    axes.set_yscale("log")
    axes.set_ylabel("seconds a frame, logarithmic")
    middle = 0.4 - width / 2
    axes.set_xticks(
        [n + middle for n in range(len(sizes))], [f"{s} pixels" for s in sizes]
    )
    axes.legend(fontsize=8)


if __name__ == "__main__":
    main()
