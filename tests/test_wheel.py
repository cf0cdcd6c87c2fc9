"""The wheel holds what the package needs, and nothing else."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.conftest import once

pytestmark = once
ROOT = Path(__file__).resolve().parent.parent
# Beside the modules.
DATA = (
    "keras_magvit/py.typed",
    "keras_magvit/networks/*.h5",
    *("keras_magvit/page/*.css", "keras_magvit/page/*.js"),
    "keras_magvit/page/clips/*.mp4",
    *(
        f"keras_magvit/presets/weights/*/{file}"
        for file in ("config.json", "metadata.json", "README.md")
    ),
    *(
        f"keras_magvit/presets/weights/*/{part}/{file}"
        for part in ("tokenizer", "transformer")
        for file in ("config.json", "metadata.json", "model.weights.h5")
    ),
    *(f"keras_magvit-*.dist-info/licenses/{file}" for file in ("LICENSE", "NOTICE")),
    *(
        f"keras_magvit-*.dist-info/{file}"
        for file in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt")
    ),
)
MOST_BYTES = 45_000_000  # of which all but one or two are weights


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the tree."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "keras_magvit", source / "keras_magvit", ignore=ignored)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "."]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(path) as file:
        yield file


def test_contents(wheel):
    modules = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "keras_magvit").rglob("*.py")
    }
    held = set(wheel.namelist())
    assert modules <= held, sorted(modules - held)
    unknown = [
        name
        for name in sorted(held - modules)
        if not any(PurePosixPath(name).match(pattern) for pattern in DATA)
    ]
    assert not unknown, f"the wheel holds {unknown}"


def test_size(wheel):
    sizes = {info.filename: info.compress_size for info in wheel.infolist()}
    assert sum(sizes.values()) < MOST_BYTES, sorted(sizes.items(), key=lambda s: -s[1])
    text = sum(size for name, size in sizes.items() if name.endswith(".py"))
    assert text < 1_000_000


def test_every_preset_with_weights_is_in_it(wheel):
    from keras_magvit.presets import PRESETS

    for row in PRESETS.values():
        if row.weights and "://" not in row.weights:
            place = f"keras_magvit/presets/{row.weights}/config.json"
            assert place in wheel.namelist()


def test_metadata(wheel):
    (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    lines = wheel.read(name).decode().splitlines()
    needs = [line for line in lines if line.startswith("Requires-Dist:")]
    always = {line.split()[1].split(">")[0] for line in needs if "extra" not in line}
    # No framework: the user chooses one.
    assert always == {"keras", "ml-dtypes", "numpy"}
    with open(ROOT / "pyproject.toml", "rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert {f"Provides-Extra: {extra}" for extra in extras} <= set(lines)
    assert "License-Expression: Apache-2.0" in lines
