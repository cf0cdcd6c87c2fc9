"""`keras_magvit.presets()`: the table, printed and returned."""

import shutil

from keras_magvit.presets.table import PRESETS, SHORT_NAMES

_HEADINGS = ("name", "tasks", "size", "video", "parameters", "weights", "description")


def presets(verbose=True):
    """Every preset that `from_preset` knows by name.

    Args:
        verbose: print the table too.

    Returns:
        A list of dicts, one a preset, with the keys name, model, tasks, size,
        video_shape, num_classes, condition_frames, sampling, parameters,
        transformer_parameters, tokenizer_parameters, tokenizer, weights, description
        and reference.

    Example:
        >>> names = [row["name"] for row in km.presets(verbose=False)]
    """
    rows = [_record(row) for row in PRESETS.values()]
    if verbose:
        print(format_table(rows, shutil.get_terminal_size((120, 24)).columns))
    return rows


def _record(row):
    model = row.kind == "MAGVIT"
    return {
        "name": row.name,
        "model": row.kind,
        "tasks": list(row.tasks),
        "size": row.size,
        "video_shape": row.dataset.video_shape,
        "num_classes": row.dataset.num_classes if model else 0,
        "condition_frames": row.config.get("condition_frames"),
        "sampling": dict(row.config["sampling"]) if model else None,
        "parameters": row.parameters,
        "transformer_parameters": row.transformer_parameters,
        "tokenizer_parameters": row.tokenizer_parameters,
        "tokenizer": row.tokenizer,
        "weights": row.weights,
        "description": row.description,
        "reference": row.reference,
    }


def format_table(records, columns=120):
    """The table as text.

    Args:
        records: what `presets` returns.
        columns: width of the terminal; the description is cut to fit.

    Returns:
        A string without a final line break.
    """
    rows = [_cells(record) for record in records]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    used = sum(widths[:-1]) + 2 * (len(widths) - 1)
    # A very narrow terminal wraps: a description of a few letters helps nobody.
    room = max(columns - used, 20)
    lines = [_HEADINGS, tuple("-" * min(width, room) for width in widths), *rows]
    return "\n".join(_line(cells, widths, room) for cells in lines)


def _cells(record):
    frames, height, width = record["video_shape"]
    parts = (record["transformer_parameters"], record["tokenizer_parameters"])
    return (
        record["name"],
        _short(record["tasks"]),
        record["size"],
        f"{frames}x{height}x{width}",
        " + ".join(f"{part / 1e6:.0f}M" for part in parts if part),
        "yes" if record["weights"] else "no",
        record["description"],
    )


def _short(tasks):
    names = [SHORT_NAMES.get(task, task) for task in tasks]
    return ", ".join(names) if len(names) < 4 else f"{names[0]} .. {names[-1]}"


def _line(cells, widths, room):
    *fixed, last = cells
    if len(last) > room:
        last = last[: room - 3] + "..."
    padded = [cell.ljust(width) for cell, width in zip(fixed, widths, strict=False)]
    return "  ".join([*padded, last]).rstrip()
