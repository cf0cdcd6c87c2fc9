"""A report as JSON, CSV and Markdown."""

import csv
import io
import json

_COLUMNS = (
    *("protocol", "task", "metric", "mean", "std", "repeats"),
    *("num_real", "num_fake", "model", "weights_sha256", "seed"),
)


def to_json(report):
    """Everything, indented."""
    return json.dumps(report.as_dict(), indent=2, allow_nan=False) + "\n"


def to_csv(report):
    """One row for each metric of each task."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    run = report.run
    for result in report.tasks:
        for metric, score in result.scores.items():
            row = (
                *(report.name, result.task, metric, score.mean),
                "" if score.std is None else score.std,
                *(len(score.repeats), result.num_real, result.num_fake),
                *(run["model"], run["weights_sha256"], run["seed"]),
            )
            writer.writerow([_inert(cell) for cell in row])
    return out.getvalue()


def _inert(cell):
    """Text that a spreadsheet would take for a formula, marked as text."""
    is_formula = isinstance(cell, str) and cell[:1] in tuple("=@+-\t\r")
    return f"'{cell}" if is_formula else cell


def to_markdown(report):
    """The scores, what they depend on, and the bias card."""
    lines = [f"# {_cell(report.name)}: {_cell(report.run['model'])}", ""]
    names = list(dict.fromkeys(name for t in report.tasks for name in t.scores))
    lines += markdown_table(
        ("task", "real", "fake", *names),
        [
            (t.task, t.num_real, t.num_fake, *(t.scores.get(n, "-") for n in names))
            for t in report.tasks
        ],
    )
    lines += ["", "## What the numbers depend on", ""]
    lines += markdown_table(("", ""), protocol_rows(report))
    if report.deviations:
        lines += ["", "## Where this run departs from the protocol", ""]
        lines += [f"- {_cell(words)}" for words in report.deviations]
    cards = cards_of(report)
    if cards:
        lines += ["", "## Bias card: FVD of real clips, measured alike", ""]
    for words, card in cards.items():
        lines += [f"{_cell(words[:1].upper() + words[1:])}:", ""]
        lines += markdown_table(card_heading(card), card_rows(card))
    if report.not_measured:
        lines += ["", "## Not measured", ""]
        lines += [f"- {_cell(n)}: {_cell(w)}" for n, w in report.not_measured.items()]
    return "\n".join(lines) + "\n"


def protocol_rows(report):
    """All that stands beside the numbers: `(what, value)`."""
    run, fvd = report.run, report.tasks[0].fvd_protocol
    frames, *size = run["video_shape"]
    rows = [
        ("protocol", f"{report.name}, {report.protocol['reference']}"),
        ("model", f"{run['model']}, {run['parameters']:,} parameters"),
        ("weights", f"sha256 {run['weights_sha256']}"),
        ("clips", f"{frames} frames of {_times(size)}"),
        ("measured at", _times(run["measured_size"])),
        ("FVD", f"I3D logits in {fvd['dtype']}, {fvd['resize']}"),
        ("I3D", f"{fvd['weights']}, sha256 {fvd['weights_sha256']}"),
    ]
    if run["c3d_sha256"]:
        text = f"C3D, sha256 {run['c3d_sha256']}, of each repeat, unsplit"
        rows.append(("Inception score", text))
    for read in [t.classes for t in report.tasks if t.classes][:1]:
        text = f"{read.classifier}, sha256 {read.weights_sha256}"
        rows.append(("classes are read by", text))
    for words, data in report.dataset.items():
        skipped = sum(len(names) for names in data["skipped"].values())
        text = f"{data['clips']} clips of {data['name']}: {words}"
        rows.append(("real", f"{text}; {skipped} videos skipped"))
    made = f"{run['samples_per_clip']} of each condition, {run['repeats']} repeat(s)"
    rows.append(("generated", made))
    if run["sampling"]:
        knobs = ", ".join(f"{k} {v}" for k, v in run["sampling"].items() if v)
        rows += [("decoding", knobs), ("given frames", run["condition_frames"])]
    versions = ", ".join(f"{k} {v}" for k, v in run["versions"].items())
    return [
        *rows,
        ("seed", f"{run['seed']}, batches of {run['batch_size']}"),
        ("computed", f"{run['backend']}, {run['dtype']}, {versions}, {run['date']}"),
    ]


def cards_of(report):
    """The bias cards of a report, by the words that describe the real clips."""
    return {t.real: t.bias_card for t in report.tasks if t.bias_card is not None}


def card_heading(card):
    """The columns of a card."""
    first, second = card.num_halves
    return ("FVD", f"{first} against {second} others", f"{card.num_videos} against own")


def card_rows(card):
    """The rows of a card."""
    return [
        ("real", f"{card.half_against_half:.2f}", "0 by definition"),
        (
            "first frame repeated",
            f"{card.first_frame_repeated_half:.2f}",
            f"{card.first_frame_repeated:.2f}",
        ),
        ("blurred", f"{card.blurred_half:.2f}", f"{card.blurred:.2f}"),
    ]


def markdown_table(heading, rows):
    """Lines of a table; cells are made harmless."""
    lines = [heading, ("---",) * len(heading), *rows]
    return [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines]


def _cell(value):
    """Text that stays what it is inside a Markdown table."""
    text = " ".join(str(value).split())
    for character in "\\`*_{}[]<>|#":
        text = text.replace(character, f"\\{character}")
    return text


def _times(size):
    return "x".join(map(str, size))
