"""Results as Markdown, CSV and a plot."""

import csv
import dataclasses
import io


@dataclasses.dataclass(frozen=True)
class Cell:
    """What a contender needed for a row.

    Args:
        seconds: median, summed over the row's jobs.
        times: how many times faster than the stand-in; None without one.
        share: of the ceiling; None where none was measured.
        memory: most resident memory of its processes, GiB.
        compiling: seconds of the first runs beyond the others.
        gflops: GFLOP/s.
    """

    seconds: float
    times: float | None
    share: float | None
    memory: float
    compiling: float
    gflops: float


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A table of `Cell`s.

    Args:
        contenders: `(backend, dtype)`, the stand-in first.
        rows: `(title, {contender: Cell})`; a contender may be missing.
        footnote: machine, versions and date.
        ceilings: Markdown, what the backends' own kernels reach.
    """

    contenders: tuple
    rows: tuple
    footnote: str
    ceilings: str = ""


def comparison(rows, contenders, model, kept):
    """The `Comparison` of what has been measured.

    Args:
        rows: of `compare.Row`.
        contenders: the stand-in first.
        model: name of the networks' size.
        kept: lines by key.
    """
    made, used = [], []
    for row in rows:
        cells, base = {}, None
        for contender in contenders:
            found = [kept.get(case.key) for case in row.cases(contender, model)]
            if all(found):
                cells[contender] = cell = _cell(found, base)
                base = base or (cell if contender == contenders[0] else None)
                used += found
        title = row.title if model == "B" else f"{row.title} ({model})"
        made.append((title, cells))
    return Comparison(tuple(contenders), tuple(made), footnote(used), ceilings(used))


def _cell(found, base):
    seconds = sum(line["seconds"] for line in found)
    operations = sum(line["flops"] for line in found)
    shares = [line["share_of_ceiling"] for line in found]
    share = None
    if None not in shares:
        least = sum(s * line["seconds"] for s, line in zip(shares, found, strict=True))
        share = least / seconds
    return Cell(
        seconds,
        base and base.seconds / seconds,
        share,
        max(line["peak_memory_gib"] for line in found),
        sum(line["compile_seconds"] for line in found),
        operations / seconds / 1e9,
    )


def ceilings(found):
    """Markdown: the fastest kernels of each backend and dtype, of lines of results."""
    rows = {}
    for line in found:
        case, kernels = line["case"], line["ceiling"] or {}
        for kind, kernel in kernels.items():
            shape = " x ".join(map(str, kernel["shape"]))
            best = kernel["formulation"]
            others = ", ".join(
                f"{name} {amount(rate)}"
                for name, rate in kernel["formulations"].items()
                if name != best
            )
            key = (case["backend"], case["dtype"], kind, shape)
            rows[key] = f"{amount(kernel['gflops'])} | {best} ({others})"
    head = [
        "| | | | shape | GFLOP/s | formulation (others) |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(f"| {' | '.join(k)} | {v} |" for k, v in rows.items())])


def footnote(found):
    """Machine, versions and date of lines of results."""
    found = list(found)
    if not found:
        return "Nothing has been measured."

    def each(value):
        return "; ".join(sorted({str(value(line)) for line in found}))

    versions = {}
    for line in found:
        versions.update(line["versions"])
    listed = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    return (
        f"{each(lambda line: line['date'])}; {each(lambda line: line['machine'])}, "
        f"{each(lambda line: line['threads'])} cores used, device "
        f"{each(lambda line: line['device'])}; {listed}."
    )


def command(module, words):
    """The command of a page: what repeats it, without what only decides how."""
    left_out = ("--render", "--again", "--quiet")
    return " ".join(["python -m", module, *(w for w in words if w not in left_out)])


# === Text ============================================================================


def amount(value):
    """Three digits that matter."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def markdown(table):
    """The table: seconds, times faster than the stand-in, share of the ceiling."""
    names = [f"{backend} {dtype}" for backend, dtype in table.contenders]
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for title, cells in table.rows:
        texts = [_text(cells.get(contender)) for contender in table.contenders]
        lines.append(f"| {title} | {' | '.join(texts)} |")
    return "\n".join(lines)


def _text(cell):
    if cell is None:
        return "-"
    text = f"{amount(cell.seconds)} s"
    if cell.times is not None:
        text += f", **{cell.times:.1f} times**"
    if cell.share is not None:
        text += f" ({cell.share:.0%})"
    return text


def comma_separated(table):
    """The table as CSV, a line for each cell."""
    fields = [field.name for field in dataclasses.fields(Cell)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["job", "backend", "dtype", *fields])
    for title, cells in table.rows:
        for (backend, dtype), cell in cells.items():
            writer.writerow([title, backend, dtype, *dataclasses.astuple(cell)])
    return text.getvalue()


def page(table, command):
    """The table with what it says and where it is from."""
    return f"""{markdown(table)}

Median seconds; how many times faster than the same arithmetic in plain JAX (float32, jit);
share of the ceiling: the counted operations at the rate of the backend's own largest matrix
product and best convolution, over the time they took. A `bfloat16` model is trained under
`mixed_bfloat16`.

What the backends' own kernels reached in the same processes:

{table.ceilings}

    {command}

{table.footnote}
"""


# === Files ===========================================================================


def write(folder, name, table, command):
    """Writes `name`.md, .csv and .png into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / f"{name}.md", page(table, command))
    write_text(folder / f"{name}.csv", comma_separated(table))
    measured = [row for row in table.rows if row[1]]
    if measured:
        write_plot(
            folder / f"{name}.png", lambda figure: _bars(figure, table, measured)
        )


def write_text(path, text):
    """Writes a file, whole or not at all."""

    def put(temporary):
        with open(temporary, "w") as file:
            file.write(text)

    _write(path, put)


def _write(path, put):
    # The package imports Keras, and with it a backend: only when there is no other way.
    from keras_magvit.io.atomic import write_file

    write_file(str(path), put, overwrite=True)


def write_plot(path, draw, size=(9, 5)):
    """Writes what `draw(figure)` draws as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure)
    _write(path, lambda name: figure.savefig(name, format="png", dpi=120))


def _bars(figure, table, rows):
    axes = figure.add_subplot()
    height = 0.8 / len(table.contenders)
    for i, contender in enumerate(table.contenders):
        places, values, labels = [], [], []
        for number, (_, cells) in enumerate(rows):
            if contender in cells:
                places.append(number + i * height)
                values.append(cells[contender].seconds)
                labels.append(f" {amount(cells[contender].seconds)} s")
        bars = axes.barh(places, values, height, label=" ".join(contender))
        axes.bar_label(bars, labels, fontsize=8)
    middle = 0.4 - height / 2
    axes.set_yticks(
        [n + middle for n in range(len(rows))], [title for title, _ in rows]
    )
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_xlabel("seconds, logarithmic")
    # Above the bars, where it hides none.
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=4)
