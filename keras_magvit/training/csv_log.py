"""A table of the training, one row an epoch."""

import csv
import os

from keras_magvit.training.stepping import StepCallback, plain_logs


class CSVLog(StepCallback):
    """Appends the epoch's logs to a CSV file, over any number of resumes.

    A run that goes on from an older step takes the place of the rows after that step,
    so that no step stands there twice. A file that cannot be written is no reason to
    stop: the row is kept and written with the next one.

    Args:
        path: the file.
        step: steps done before this `fit`.
    """

    def __init__(self, path, step=0):
        super().__init__(step)
        self.path = os.fspath(path)
        self._rows = None

    def on_epoch_end(self, epoch, logs=None):
        if self._rows is None:
            self._rows = read_log(self.path)
        row = {"step": self.step, "epoch": epoch + 1, **plain_logs(logs)}
        self._rows = [r for r in self._rows if r["step"] < self.step] + [row]
        try:
            self._write()
        except OSError:
            pass

    def on_train_begin(self, logs=None):
        if self._rows is None:
            self._rows = [r for r in read_log(self.path) if r["step"] <= self.step]

    def _write(self):
        columns = list(dict.fromkeys(name for row in self._rows for name in row))
        temporary = f"{self.path}.partial"
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self._rows)
        os.replace(temporary, self.path)


def read_log(path):
    """The rows of a log: `[{column: number}]`, without the cells that are empty.

    Args:
        path: a file that `CSVLog` wrote; a missing one has no rows.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return []
    return [
        {name: _number(cell) for name, cell in row.items() if cell != ""}
        for row in rows
    ]


def _number(cell):
    return int(cell) if cell.isdigit() else float(cell)
