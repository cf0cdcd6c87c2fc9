"""The site builds without a warning: links, anchors, references, docstrings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    for name in ("MAGVIT.generate", "VideoTokenizerTrainer.fit", "MAGVIT.from_preset"):
        assert f'id="keras_magvit.{_home(name)}.{name}"' in reference
    assert "&gt;&gt;&gt;" in reference or 'gp">&gt;&gt;&gt;' in reference


def _home(name):
    return "training" if name.startswith("VideoTokenizerTrainer") else "models"
