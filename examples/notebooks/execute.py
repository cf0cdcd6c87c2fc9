"""Runs notebooks from a clean kernel, and keeps what they show.

    python examples/notebooks/execute.py                 # all of them
    python examples/notebooks/execute.py quickstart      # one

The text of a notebook is the .py file beside it, in jupytext's percent format: edit that,
or the .ipynb in Jupyter, where jupytext writes both. Needs the extra "notebooks".
"""

import argparse
import base64
import io
import os
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).resolve().parent
NAMES = (
    *("quickstart", "training", "finetuning", "evaluation"),
    *("paper_in_code", "backends", "distributed"),
)
MAX_SECONDS = 1800  # of a cell: machines have other things to do
MAX_BYTES = 2 * 2**20  # of a notebook: code hosts still show it


def read(name):
    """The notebook of a text, without outputs."""
    notebook = jupytext.read(FOLDER / f"{name}.py")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # not a random one: a run changes outputs alone
    return notebook


def run(name):
    """The notebook with its outputs, run in an empty folder.

    Args:
        name: one of `NAMES`.

    Returns:
        An `nbformat.NotebookNode`.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
    """
    notebook = read(name)
    paths = os.pathsep.join(filter(None, (str(FOLDER), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=MAX_SECONDS,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=environment)
    return tidy(notebook)


def tidy(notebook):
    """Leaves what readers want to see: no warnings of libraries, no versions."""
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller(output.data["image/png"])
    return notebook


def smaller(png):
    """A still picture with a palette, a third of the size; animations have one."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        if getattr(picture, "is_animated", False):
            return png
        file = io.BytesIO()
        picture.convert("RGB").quantize(256).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; default all")
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"the notebooks are {', '.join(NAMES)}, not {sorted(unknown)}")
    for name in names:
        begin, path = time.time(), FOLDER / f"{name}.ipynb"
        notebook = run(name)
        text = nbformat.writes(notebook)
        if len(text) > MAX_BYTES:
            raise SystemExit(f"{name} has {len(text):,} bytes, above {MAX_BYTES:,}")
        path.write_text(text + "\n", encoding="utf-8")
        took = f"{time.time() - begin:.0f} s"
        print(f"{path.name}: {took}, {len(text) / 1e3:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
