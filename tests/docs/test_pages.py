"""Code on the pages runs, page by page, from the first block to the last.

A block that cannot run stands below a comment that says why:

    <!-- not run: needs a hub -->
"""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

DOCS = Path(__file__).parents[2] / "docs"
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+) -->")
# These train, or load the model that ships, whose programs take a while to compile.
SLOW = {"quickstart.md", "models.md", "presets.md", "concepts/training.md"}


def blocks(page):
    """`(first line, code)` of the Python blocks that run."""
    excused = False
    for token in MarkdownIt("commonmark").parse(page.read_text()):
        if token.type == "html_block":
            excused = NOT_RUN.search(token.content) is not None
        elif token.type == "fence":
            if token.info == "python" and not excused:
                yield token.map[0] + 2, token.content
            excused = False


PAGES = [page for page in sorted(DOCS.rglob("*.md")) if list(blocks(page))]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page,
            id=str(page.relative_to(DOCS)),
            marks=[pytest.mark.heavy] if str(page.relative_to(DOCS)) in SLOW else [],
        )
        for page in PAGES
    ],
)
def test_blocks_run(page, namespace):
    for line, code in blocks(page):
        # Blank lines in front, so that a traceback names the line of the page.
        exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)


def test_every_python_block_has_its_language_or_is_an_excuse():
    """A page with a fence that says nothing would slip by: shell has none here."""
    for page in sorted(DOCS.rglob("*.md")):
        for token in MarkdownIt("commonmark").parse(page.read_text()):
            if token.type == "fence" and token.info != "python":
                assert "import keras_magvit" not in token.content, page
