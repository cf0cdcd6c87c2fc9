"""Reports of one model with several numbers of decoding steps, and a table of them."""

import csv
import io
import os

from keras_magvit.evaluation import saving
from keras_magvit.evaluation.tables import markdown_table

TABLE = "steps.csv"


def check_folder(folder, steps, overwrite=False):
    """Refuses a folder that the reports must not be written into.

    Args:
        folder: where they are to be; it need not exist.
        steps: the numbers of steps.
        overwrite: whether reports that are there may be replaced.

    Raises:
        VideoFileError: as `saving.check_folder`.
    """
    names = (TABLE, "steps.md", saving.CACHE, *(_name(n) for n in steps))
    saving.check_folder(folder, overwrite, names, TABLE)
    for number in steps:
        place = os.path.join(folder, _name(number))
        if os.path.isdir(place):
            saving.check_folder(place, overwrite=True)


def save(reports, folder, overwrite=False):
    """Writes a report for each number of steps, and the table, steps.csv at the end.

    Args:
        reports: number of decoding steps -> `Report`, all of the same tasks.
        folder: where to; made if it is missing.
        overwrite: whether reports that are there are replaced.

    Returns:
        Paths of what was written.

    Raises:
        VideoFileError: if the folder holds something else, or cannot be written.
    """
    folder = os.fspath(folder)
    check_folder(folder, reports, overwrite)
    os.makedirs(folder, exist_ok=True)
    paths = []
    for number, report in reports.items():
        paths += saving.save(report, os.path.join(folder, _name(number)), True)
    texts = {"steps.md": to_markdown(reports), TABLE: to_csv(reports)}
    for name, text in texts.items():
        paths.append(os.path.join(folder, name))
        saving.write_text(paths[-1], text)
    return paths


def rows(reports):
    """`(task, metric, value of each report)`, a row for each metric of each task."""
    first = next(iter(reports.values()))
    return [
        (task.task, name, *(r.tasks[i].scores[name] for r in reports.values()))
        for i, task in enumerate(first.tasks)
        for name in task.scores
    ]


def to_csv(reports):
    """A row for each task, metric and number of steps."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("task", "metric", "steps", "mean", "std"))
    for task, name, *scores in rows(reports):
        for number, score in zip(reports, scores, strict=True):
            std = "" if score.std is None else score.std
            writer.writerow((task, name, number, score.mean, std))
    return out.getvalue()


def to_markdown(reports):
    """A column for each number of steps."""
    report = next(iter(reports.values()))
    heading = ("task", "metric", *map(words, reports))
    lines = [
        f"# {report.protocol['name']}: {report.run['model']}, by decoding steps",
        "",
        *markdown_table(heading, rows(reports)),
        "",
        f"Each column's report, with all that it depends on, lies in {_name('N')}.",
    ]
    return "\n".join(lines) + "\n"


def words(number):
    """A number of steps in words."""
    return "1 step" if number == 1 else f"{number} steps"


def _name(number):
    return f"steps_{number}"
