"""Backends side by side, in turns, against plain JAX: a table and a plot.

    python -m benchmarks.compare --quick                  tiny models: does it run?
    python -m benchmarks.compare                          the paper's base model
    python -m benchmarks.compare --rows forward train-transformer
    python -m benchmarks.compare --contenders jax:float32 torch:bfloat16 --rounds 5

Every row is one job; its processes are alive together and run in turns, but for those of
the transformer's training, which take up to 7 GiB each. Rows that stand in the file
of results are not measured again (--again does), so a comparison that was broken off goes
on. Written to --out: compare.jsonl, compare.md, compare.csv and compare.png; `--render`
writes the last three from the first.
"""

import argparse
import dataclasses
import datetime
import sys
from pathlib import Path

from benchmarks import lines, report, turns
from benchmarks.case import BACKENDS, DTYPES, MODELS, Case
from benchmarks.progress import Steps

STAND_IN = ("plain-jax", "float32")
CONTENDERS = (
    ("jax", "float32"),
    ("tensorflow", "mixed_bfloat16"),
    ("torch", "bfloat16"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: the sum of one job or several.

    Args:
        name: what `--rows` calls it.
        title: what it is, in the table.
        jobs: `Case` fields beside backend and dtype.
        apart: one process at a time: each takes up to 7 GiB.
    """

    name: str
    title: str
    jobs: tuple
    apart: bool = False

    def cases(self, contender, model):
        """The `Case`s of a contender, `(backend, dtype)`."""
        backend, dtype = contender
        made = []
        for job in self.jobs:
            fields = {"model": model, **job}
            # Weights that are trained stay in float32.
            trained = job["work"].startswith("train-")
            if trained and dtype in ("bfloat16", "float16"):
                fields["dtype"] = f"mixed_{dtype}"
            else:
                fields["dtype"] = dtype
            if backend == "plain-jax":
                fields["padding"] = "same"  # as the official code is configured
            if model == "tiny":
                fields["size"], fields["frames"] = 16, 8
            made.append(Case(backend=backend, **fields))
        return made


def _row(name, title, *jobs, apart=False):
    return Row(name, title, jobs, apart)


ROWS = (
    _row("generate", "12 steps, tokens to video, 128 pixels", {"work": "generate"}),
    _row("forward", "Transformer, forward", {"work": "forward"}),
    _row("encode-128", "3D-VQ at 128 pixels, encode", {"work": "encode"}),
    _row("decode-128", "3D-VQ at 128 pixels, decode", {"work": "decode"}),
    _row(
        "tokenizer-64",
        "3D-VQ at 64 pixels, encode + decode",
        {"work": "encode", "size": 64},
        {"work": "decode", "size": 64},
    ),
    _row(
        "train-tokenizer",
        "Training step, 3D-VQ at 64 pixels, R1",
        {"work": "train-tokenizer", "size": 64},
    ),
    _row(
        "train-transformer",
        "Training step, transformer, batch 2",
        {"work": "train-transformer", "batch": 2},
        apart=True,
    ),
)


def contender(text):
    """`backend:dtype`, as `--contenders` takes it."""
    backend, _, dtype = text.partition(":")
    dtype = dtype or "float32"
    if backend not in BACKENDS or dtype not in DTYPES:
        raise argparse.ArgumentTypeError(
            f"must be backend:dtype, of {BACKENDS} and {DTYPES}. Received: {text!r}"
        )
    return backend, dtype


def parser():
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [row.name for row in ROWS]
    made.add_argument("--rows", nargs="+", default=names, choices=names, metavar="ROW",
                      help=f"of {', '.join(names)}; all")  # fmt: skip
    made.add_argument(
        "--contenders", nargs="+", type=contender, default=CONTENDERS,
        metavar="BACKEND:DTYPE", help="beside plain JAX",
    )  # fmt: skip
    made.add_argument("--model", default="B", choices=MODELS)
    made.add_argument("--rounds", type=int, default=5, help="runs of each that count")
    made.add_argument("--threads", type=int, help="cores of each process; all")
    made.add_argument("--out", default="benchmarks/results", help="folder")
    made.add_argument("--again", action="store_true", help="measure all rows anew")
    made.add_argument("--quick", action="store_true", help="tiny models, one round")
    made.add_argument("--render", action="store_true", help="measure nothing, write")
    made.add_argument("--separately", action="store_true",
                      help="one process at a time: less memory, no turns")  # fmt: skip
    made.add_argument("--quiet", action="store_true", help="no progress")
    return made


def pending(rows, contenders, model, kept):
    """`[(row, cases)]`: groups of cases that take turns and are not all in `kept`."""
    found = []
    for row in rows:
        by_contender = [row.cases(c, model) for c in contenders]
        for cases in zip(*by_contender, strict=True):
            if any(case.key not in kept for case in cases):
                found.append((row, cases))
    return found


def main(arguments=None):
    made = parser()
    options = made.parse_args(arguments)
    if options.quick:
        options.model, options.rounds = "tiny", 1
    folder = Path(options.out)
    path = folder / "compare.jsonl"
    contenders = tuple(dict.fromkeys((STAND_IN, *options.contenders)))
    rows = [row for row in ROWS if row.name in options.rows]
    try:
        kept = lines.latest(lines.read(path))
    except ValueError as error:
        made.error(str(error))
    groups = pending(rows, contenders, options.model, {} if options.again else kept)
    failures = [] if options.render else _measure(groups, options, path)

    table = report.comparison(
        rows, contenders, options.model, lines.latest(lines.read(path))
    )
    command = report.command("benchmarks.compare", arguments or sys.argv[1:])
    report.write(folder, "compare", table, command)
    print(report.markdown(table))
    if failures:
        sys.exit("\n\n".join(map(str, failures)))


def _measure(groups, options, path):
    extra = ["--quiet"]
    if options.threads is not None:
        extra += ["--threads", str(options.threads)]
    failures = []
    with Steps(len(groups), options.quiet) as steps:
        for row, cases in groups:
            # What was measured side by side carries the same mark.
            mark = datetime.datetime.now().isoformat(timespec="seconds")
            apart = options.separately or row.apart
            together = [[case] for case in cases] if apart else [cases]
            for group in together:
                measured, failed = turns.measure(
                    group, options.rounds, steps.show, extra
                )
                failures += failed
                for line in measured:
                    lines.append(path, {**line, "side_by_side": mark})
            steps.advance()
    return failures


if __name__ == "__main__":
    main()
