"""The command line as a process of its own, and what `main` makes of the unexpected."""

import importlib.util
import os
import shlex
import signal
import subprocess
import sys
import time

import keras
import pytest

from keras_magvit.cli import data, presets, session, tokens
from keras_magvit.cli.errors import CommandError
from keras_magvit.cli.main import COMMANDS, build_parser, main

BACKENDS = ("jax", "tensorflow", "torch")
MODULE = (sys.executable, "-m", "keras_magvit")


def _process(*argv, **environment):
    return subprocess.run(
        [*MODULE, *argv],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("words", [(), *((command.NAME,) for command in COMMANDS)])
def test_help_has_examples(words, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--help"])
    out, err = capsys.readouterr()
    assert "\nexamples:\n  keras-magvit " in out and err == ""
    assert max(map(len, out.splitlines())) <= 110
    if words:
        for option in ("--seed", "--backend", "--dtype", "--overwrite", "--quiet"):
            assert option in out


@pytest.mark.parametrize(
    "command", [*COMMANDS, *data.COMMANDS, *presets.COMMANDS], ids=lambda c: c.NAME
)
def test_examples_are_true(command):
    """Every example of every help is accepted by the parser, and is the command's own."""
    examples = command.EXAMPLES.partition("examples:\n")[2]
    lines = examples.replace("\\\n", "").splitlines()
    runs = [command.run, *(c.run for c in getattr(command, "COMMANDS", ()))]
    assert lines
    for line in lines:
        program, *argv = shlex.split(line)
        assert program == "keras-magvit"
        assert build_parser().parse_args(argv).run in runs


def test_help_is_fast_and_needs_no_keras():
    code = (
        "import sys\nsys.argv = ['keras-magvit']\n"
        "from keras_magvit.cli.main import main\n"
        "try:\n    main(['generate', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "sys.exit(any(m in sys.modules for m in ('keras', 'tensorflow', 'jax', 'torch')))"
    )
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    plain = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import argparse"], check=True)
    spent, least = plain - start, time.perf_counter() - plain
    assert spent < 1.0 + 3 * least


def test_backend_option_wins_and_stderr_is_clean(saved, clip, shared_model):
    """The same tokens on another backend than the environment names."""
    chosen = keras.config.backend()
    other = BACKENDS[BACKENDS.index(chosen) - 1]
    argv = ("tokenize", saved, "clip.npz", "--out", "t.npz", "--backend", chosen)
    done = _process(*argv, KERAS_BACKEND=other)
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote t.npz\n", "")
    # Windows that end in filling are covered elsewhere; the first two are the clip's.
    ids = shared_model.tokenizer.encode(clip[:8].reshape(2, 4, 16, 16, 3))
    ids = keras.ops.convert_to_numpy(ids)
    assert (tokens.read("t.npz").ids[:2] == ids).mean() > 0.99


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_refusal_is_the_only_line(work, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    argv = ("generate", "k600_fp", "XX", "--out", "a.gif", "--backend", backend)
    done = _process(*argv)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("keras-magvit: error: TASK must be one of")
    assert done.stderr.count("\n") == 1 and not list(work.iterdir())


def test_a_backend_that_is_not_installed(refused, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    err = refused("presets", "--backend", "jax")
    assert "jax: it is not installed" in err and '"keras-magvit[jax]"' in err


def test_the_default_backend_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    monkeypatch.setattr(session, "_silence", session.nullcontext)
    error = ModuleNotFoundError("no", name="tensorflow")

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "keras":
                raise error

    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(CommandError, match=r"'tensorflow' is not installed. Choose"):
        session.start(None, 0)


def test_a_backend_that_comes_too_late(refused):
    other = next(b for b in BACKENDS if b != keras.config.backend())
    before = os.environ.get("KERAS_BACKEND")
    try:
        if importlib.util.find_spec(other) is None:
            pytest.skip(f"{other} is not installed")
        err = refused("presets", "--backend", other)
    finally:
        if before is None:
            os.environ.pop("KERAS_BACKEND", None)
        else:
            os.environ["KERAS_BACKEND"] = before
    assert "in this process already" in err


def test_ctrl_c(monkeypatch, capsys):
    def interrupted(arguments, console):
        raise KeyboardInterrupt

    monkeypatch.setattr(presets, "run", interrupted)
    assert main(["presets"]) == 130
    assert capsys.readouterr() == ("", "keras-magvit: interrupted\n")


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="sends a signal of POSIX")
def test_ctrl_c_while_keras_is_imported(work):
    code = (
        "import signal, sys\nsys.argv = ['keras-magvit']\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from keras_magvit.cli.main import main\n"
        "print('ready', flush=True)\n"
        "sys.exit(main(['generate', 'k600_fp', 'UNC', '--out', 'a.gif']))"
    )
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.communicate() == ("", "keras-magvit: interrupted\n")
    assert process.returncode == 130 and not list(work.iterdir())


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), ImportError("a bug", name="x"), KeyError("bug")]
)
def test_a_bug_shows_itself(monkeypatch, error):
    def broken(arguments, console):
        raise error

    monkeypatch.setattr(presets, "run", broken)
    with pytest.raises(type(error), match="bug"):
        main(["presets"])


def test_a_missing_optional_package_is_one_line(monkeypatch, refused):
    def missing(arguments, console):
        raise ImportError('It needs PyAV. Install it with: pip install "x[video]"')

    monkeypatch.setattr(presets, "run", missing)
    assert "error: It needs PyAV. Install it" in refused("presets")


def test_a_closed_pipe_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    argv = [*MODULE, "presets"]
    done = subprocess.run(argv, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("keras-magvit 0.")
