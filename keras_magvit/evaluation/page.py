"""A report as a web page with its clips: one folder, nothing from elsewhere."""

import html
import os

from keras_magvit.evaluation import tables
from keras_magvit.evaluation.samples import file_name
from keras_magvit.io import contact_sheet, write_video
from keras_magvit.io.confusion import confusion_matrix

_KINDS = ("real", "condition", "generated")
_FRAME_RATE = 8.0
# Small clips are shown as large as this, in pixels.
_SHOWN_SIZE = 192
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem;
  padding: 0 1rem; color: #1b1b1f; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #d7d7dc; padding: .3rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { background: #f3f3f6; }
.wide { overflow-x: auto; }
.wide td { white-space: nowrap; }
.wide th { overflow-wrap: normal; }
.clips { display: grid; grid-template-columns: repeat(auto-fill, minmax(6rem, 12rem));
  gap: .6rem; margin-bottom: 1rem; }
figure { margin: 0; }
img { width: 100%; image-rendering: pixelated; display: block; }
.matrix { width: auto; max-width: 100%; margin-bottom: 1rem; }
figcaption { color: #55555e; font-size: 13px; }
.note { background: #fff6e0; border-left: 4px solid #e0a800; padding: .4rem 1rem; }
"""
_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"


def write_media(report, folder):
    """Writes the clips of a report into an empty folder: GIFs and a sheet a task."""
    for result in report.tasks:
        name = file_name(result.task)
        rows = {}
        for kind, clips in result.shown.items():
            for place, clip in enumerate(clips):
                path = os.path.join(folder, f"{name}_{place}_{kind}.gif")
                write_video(path, clip, _FRAME_RATE)
            rows[kind] = clips[0]
        if rows:
            rows = {kind: rows[kind] for kind in _KINDS if kind in rows}
            contact_sheet(rows, path=os.path.join(folder, f"{name}.png"))
        if result.classes:
            read, path = result.classes, os.path.join(folder, f"{name}_classes.png")
            confusion_matrix(read.counts, read.class_names, path)


def to_html(report, media):
    """The page.

    Args:
        report: `Report`.
        media: name of the folder of `write_media`, beside the page.

    Returns:
        HTML text. Every string of the report is escaped, and scripts are forbidden.
    """
    title = f"{report.name}: {report.run['model']}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_text(title)}</h1>",
        *_departures(report),
        "<h2>Scores</h2>",
        _scores(report),
        "<h2>What the numbers depend on</h2>",
        _table(None, tables.protocol_rows(report)),
        *_cards(report),
        *_not_measured(report),
        "<h2>Clips</h2>",
        "<p>The first clips of every task, not chosen.</p>",
        *(part for result in report.tasks for part in _clips(result, media)),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _departures(report):
    if report.deviations:
        words = "".join(f"<li>{_text(line)}</li>" for line in report.deviations)
        yield f'<div class="note">Departs from the protocol:<ul>{words}</ul></div>'


def _scores(report):
    names = list(dict.fromkeys(name for t in report.tasks for name in t.scores))
    rows = [
        (t.task, t.num_real, t.num_fake, *(t.scores.get(name, "-") for name in names))
        for t in report.tasks
    ]
    heading = ("task", "N real", "N fake", *(n.replace("_", " ") for n in names))
    return f'<div class="wide">{_table(heading, rows)}</div>'


def _cards(report):
    cards = tables.cards_of(report)
    if cards:
        yield "<h2>Bias card</h2>"
        yield (
            "<p>FVD of real clips, measured alike. Halves of the real clips are not at 0: "
            "that is the floor for so many clips, for tasks that know nothing of them. "
            "Tasks that start from the real clips belong to the last column.</p>"
        )
    for words, card in cards.items():
        yield f"<p>{_text(words[:1].upper() + words[1:])}:</p>"
        yield _table(tables.card_heading(card), tables.card_rows(card))


def _not_measured(report):
    if report.not_measured:
        yield "<h2>Not measured</h2>"
        yield _table(None, list(report.not_measured.items()))


def _clips(result, media):
    yield f"<h3>{_text(result.task)}</h3>"
    if result.classes:
        yield (
            "<p>Classes that were asked for (rows), and those that "
            f"{_text(result.classes.classifier)} reads from the generated clips.</p>"
        )
        source = f"{media}/{file_name(result.task)}_classes.png"
        yield f'<img class="matrix" src="{_text(source)}" alt="confusion matrix">'
    count = max((len(clips) for clips in result.shown.values()), default=0)
    for place in range(count):
        yield '<div class="clips">'
        for kind in _KINDS:
            if kind in result.shown:
                yield _figure(
                    f"{media}/{file_name(result.task)}_{place}_{kind}.gif", kind
                )
        yield "</div>"


def _figure(source, caption):
    image = f'<img src="{_text(source)}" alt="{_text(caption)}" width="{_SHOWN_SIZE}">'
    return f"<figure>{image}<figcaption>{_text(caption)}</figcaption></figure>"


def _table(heading, rows):
    lines = []
    if heading:
        cells = "".join(f"<th>{_text(cell)}</th>" for cell in heading)
        lines.append(f"<tr>{cells}</tr>")
    for row in rows:
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _text(value):
    return html.escape(str(value), quote=True)
