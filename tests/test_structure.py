"""The rooms: who may import whom, and what importing the package costs."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import keras
import pytest

import keras_magvit
from tests.conftest import once

PACKAGE = Path(keras_magvit.__file__).parent
FRAMEWORKS = {"jax", "tensorflow", "torch"}
# Each room may import from itself and from these; what is not listed is not checked.
MAY_IMPORT = {
    "backend": set(),
    "io": set(),
    "inputs": {"backend"},
    "ops": {"backend"},
    "losses": {"ops", "backend"},
    "layers": {"ops", "losses", "backend"},
    "tasks": {"inputs", "ops", "backend"},
    "recipes": {"ops"},
    # Stage 2's half of MAGVIT, as a mixin: it is handed the model, and imports none.
    "fitting": {"recipes", "losses", "tasks", "ops", "inputs", "backend"},
    "models": {"fitting", "layers", "tasks", "ops", "inputs", "backend", "presets"},
    "networks": {"presets", "io", "inputs", "backend"},
    "metrics": {"networks", "io", "inputs", "backend"},
    "training": {
        *("models", "fitting", "networks", "recipes", "losses", "tasks"),
        *("io", "inputs", "backend"),
    },
    "data": {"io", "tasks"},
    "export": {"models", "presets", "tasks", "ops", "backend", "_version"},
    "page": {"models", "presets", "data", "tasks", "io"},
    "evaluation": {
        *("training", "metrics", "networks", "data", "presets", "tasks", "io"),
        "_version",
    },
}
# Reads TensorFlow's own files, and imports it where it does.
FRAMEWORK_FILES = {Path("networks/saved_model.py")}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(room):
    single = PACKAGE / f"{room}.py"
    return [single] if single.exists() else sorted((PACKAGE / room).rglob("*.py"))


@pytest.mark.parametrize("room", list(MAY_IMPORT))
def test_dependencies_point_down(room):
    assert _files(room)
    for path in _files(room):
        for name in _imports(path):
            if name.startswith("keras_magvit."):
                other = name.split(".")[1]
                allowed = MAY_IMPORT[room] | {room}
                assert other in allowed, f"{path.name} imports {name}"


def test_frameworks_are_imported_by_the_backend_room_alone():
    outside = {"backend", "export", "data"}
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE)
        if relative.parts[0] in outside or relative in FRAMEWORK_FILES:
            continue
        found = {name.split(".")[0] for name in _imports(path)} & FRAMEWORKS
        assert not found, f"{path} imports {found}"


def test_the_three_networks_do_not_import_one_another():
    names = {"tokenizer", "discriminator", "transformer"}
    for name in names:
        others = {f"keras_magvit.models.{n}" for n in names - {name}}
        for imported in _imports(PACKAGE / "models" / f"{name}.py"):
            assert not any(imported.startswith(other) for other in others)


@pytest.mark.parametrize(
    "path",
    [p for p in PACKAGE.rglob("*.py")],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_files_hold_one_idea(path):
    assert len(path.read_text().splitlines()) <= 330


def _seconds(statement):
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        best = min(best, time.perf_counter() - start)
    return best


def test_import_is_light():
    """At most 1.5 times `import keras`."""
    whole = "import keras, keras_magvit; keras_magvit.MAGVIT"
    assert _seconds(whole) <= 1.5 * _seconds("import keras")


def test_every_public_name_is_there():
    for name in keras_magvit.__all__:
        assert getattr(keras_magvit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'magvit'"):
        keras_magvit.magvit  # noqa: B018


def test_the_command_line_imports_no_keras_before_it_must():
    """It must parse `--backend` first."""
    check = (
        "import sys; sys.argv = ['/bin/keras-magvit']; import keras_magvit.cli.main; "
    )
    check += "sys.exit('keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)


@once  # the registry of Keras is no backend's
@pytest.mark.parametrize("first", ["keras", "keras_magvit"])
def test_keras_finds_the_classes_in_either_order(first, shared_tokenizer, tmp_path):
    path = tmp_path / "tokenizer.keras"
    shared_tokenizer.save(path)
    other = {"keras": "keras_magvit", "keras_magvit": "keras"}[first]
    load = f"import {first}, {other}; keras.saving.load_model({str(path)!r})"
    subprocess.run([sys.executable, "-c", load], check=True)


@pytest.mark.skipif(
    keras.config.backend() == "tensorflow", reason="it is the backend itself"
)
def test_import_leaves_tensorflow_alone():
    check = (
        "import keras_magvit as m, sys; m.MAGVIT; sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
