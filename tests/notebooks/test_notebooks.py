"""The notebooks: what is stored is their text, run without errors, with pictures."""

import re
import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
sys.path.append(str(FOLDER))

import execute  # noqa: E402

# Folders of a machine: what is shown must be true anywhere.
LOCAL = re.compile(r"/home/|/root/|/Users/|/tmp/|site-packages|(?<![\w./])/\w[\w.-]*/")


@pytest.fixture(params=execute.NAMES)
def name(request):
    return request.param


@pytest.fixture
def stored(name):
    path = FOLDER / f"{name}.ipynb"
    if not path.exists():
        pytest.skip(f"`make notebook-{name}` has not been run since its model ships")
    assert path.stat().st_size <= execute.MAX_BYTES
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def outputs(notebook):
    for cell in notebook.cells:
        yield from cell.get("outputs", ())


def check_what_it_shows(notebook):
    """Pictures, no errors, and nothing of a machine."""
    seen = list(outputs(notebook))
    assert any("image/png" in output.get("data", {}) for output in seen)
    for output in seen:
        assert output.output_type != "error"
        texts = [output.get("text", "")]
        texts += [v for k, v in output.get("data", {}).items() if k[:5] == "text/"]
        for text in texts:
            assert not LOCAL.search(text), text


def test_every_text_is_known():
    written = {path.stem for path in FOLDER.glob("*.py")} - {"execute", "showing"}
    assert written == set(execute.NAMES)
    assert {path.stem for path in FOLDER.glob("*.ipynb")} <= set(execute.NAMES)


def test_what_is_stored_is_the_text(name, stored):
    text = execute.read(name)
    assert [(c.cell_type, c.source) for c in stored.cells] == [
        (c.cell_type, c.source) for c in text.cells
    ]


def test_it_was_run_whole_from_the_start(stored):
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    check_what_it_shows(stored)


@pytest.mark.heavy
def test_it_runs_from_a_clean_kernel(name):
    check_what_it_shows(execute.run(name))
