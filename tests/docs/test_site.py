"""The site builds without a warning: links, anchors, references, docstrings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_examples import PUBLIC

ROOT = Path(__file__).parents[2]


def test_the_site_builds(tmp_path):
    pytest.importorskip("mkdocs", reason="the site needs MkDocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reference = "\n".join(
        page.read_text() for page in (tmp_path / "site" / "api").glob("*.html")
    )
    names = [name for name in PUBLIC if not name.startswith("km.")]
    names += [
        "models.MAGVIT.generate",
        "models.MAGVIT.fit",
        "models.MAGVIT.from_preset",
    ]
    names += ["training.VideoTokenizerTrainer.fit"]
    missing = [name for name in names if not _is_there(name, reference)]
    assert missing == []
    assert "&gt;&gt;&gt;" in reference  # examples are set as code


def _is_there(name, reference):
    """Under its public name, or, where a module has that name too, under its home's."""
    value = PUBLIC.get(name)
    homes = {f"keras_magvit.{name}"}
    if value is not None:
        homes.add(f"{value.__module__}.{value.__qualname__}")
    return any(f'id="{home}"' in reference for home in homes)
