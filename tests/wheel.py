"""Wheel and sdist in empty environments, one backend after the other.

    python -m tests.wheel                 builds both, then tests all three backends
    python -m tests.wheel --backend jax   one of them

The wheel is built from the sdist. In a new virtual environment with the wheel and one
backend, the command line must make a video with the preset that ships, without the other
backends and outside of this checkout; with the first backend also the demo of the sdist.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch==2.13.0"}
PRESET = "simulated_pushing_mt10"
CHECK = """
import importlib.util, sys
import keras, keras_magvit
from keras_magvit.io import read_video
backend = sys.argv[1]
assert "site-packages" in keras_magvit.__file__, keras_magvit.__file__
assert keras.config.backend() == backend
others = {"jax", "tensorflow", "torch"} - {backend}
installed = {name for name in others if importlib.util.find_spec(name)}
assert not installed, installed
assert not others & set(sys.modules)
video = read_video("clip.npz").frames
assert video.shape == (16, 64, 64, 3) and video.std() > 10, (video.shape, video.std())
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=BACKENDS, help="one backend only")
    arguments = parser.parse_args()
    backends = (arguments.backend,) if arguments.backend else tuple(BACKENDS)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        _run([sys.executable, "-m", "build", "--outdir", folder, ROOT], ROOT)
        (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
        for path in (wheel, sdist):
            print(f"{path.name}: {path.stat().st_size:,} bytes", flush=True)
        with tarfile.open(sdist) as file:
            file.extractall(folder / "sdist", filter="data")
        (source,) = (folder / "sdist").iterdir()
        for backend in backends:
            start = time.perf_counter()
            with tempfile.TemporaryDirectory(dir=folder) as place:
                demo = source if backend == backends[0] else None
                _test(backend, wheel, Path(place), demo)
            print(f"{backend}: passed, {time.perf_counter() - start:.0f} s", flush=True)


def _test(backend, wheel, place, source):
    """Installs the wheel and makes a video; `source`, if any, holds the demo."""
    venv.create(place / "venv", with_pip=True)
    binaries = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = binaries / "python"
    # The framework first: an exact version can be one built for this machine.
    for requirement in (BACKENDS[backend], f"{wheel}[{backend},video]"):
        _run([python, "-m", "pip", "install", "--quiet", requirement], place)
    command = [binaries / "keras-magvit", "generate", PRESET, "class_generation"]
    options = ["--labels", "3", "--out", "clip.npz", "--backend", backend]
    _run([*command, *options], place, backend)
    _run([python, "-c", CHECK, backend], place, backend)
    if source:
        _run([python, source / "examples" / "demo.py"], place, backend)
        assert (place / "out" / "index.html").stat().st_size > 1_000


def _run(command, folder, backend=None):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if backend:
        environment |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")


if __name__ == "__main__":
    main()
