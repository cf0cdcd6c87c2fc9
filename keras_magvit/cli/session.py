"""Keras, started as the options ask: backend first, then the import, without chatter."""

import importlib.util
import logging
import os
import random
import signal
import sys
import threading
from contextlib import contextmanager, nullcontext

from keras_magvit import default_backend
from keras_magvit.cli.errors import CommandError
from keras_magvit.cli.options import BACKENDS

# Read by the frameworks when they are imported; what the user has set stands.
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "ABSL_MIN_LOG_LEVEL": "3",
    "GLOG_minloglevel": "3",
    "KMP_WARNINGS": "0",
}


def start(backend, seed):
    """Chooses the backend, imports Keras and seeds it.

    Args:
        backend: "jax", "tensorflow", "torch", or None for the default of Keras, or what
            is installed.
        seed: of everything that is drawn at random.

    Raises:
        CommandError: if the backend is not installed, or another is running already.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    for name in ("absl", "jax", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if backend is not None:
        _choose(backend)
    default_backend.settle()
    try:
        with nullcontext() if "keras" in sys.modules else _silence():
            import keras

            keras.ops.zeros(1)  # finds the devices, which is told too
    except ModuleNotFoundError as error:
        if error.name not in BACKENDS:
            raise
        raise CommandError(
            f"The Keras backend {error.name!r} is not installed. Choose another with "
            f'--backend, or: pip install "keras-magvit[{error.name}]"'
        ) from error
    if keras.config.backend() not in BACKENDS:
        raise CommandError(
            f"The Keras backend {keras.config.backend()!r} is not supported. Choose "
            f"with --backend: {', '.join(BACKENDS)}"
        )
    # All that Keras and this package seed by chance. `keras.utils.set_random_seed` would
    # import TensorFlow wherever it is installed.
    random.seed(seed)


@contextmanager
def _silence():
    """Sends stderr nowhere, and lets Ctrl-C wait.

    TensorFlow's C++ logs its start whatever it is told, and what is imported here
    swallows a `KeyboardInterrupt` now and then.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    interrupts = []
    is_main = threading.current_thread() is threading.main_thread()
    if is_main:
        before = signal.signal(signal.SIGINT, lambda *_: interrupts.append(True))
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        if is_main:
            signal.signal(signal.SIGINT, before)
    if interrupts:
        raise KeyboardInterrupt


def _choose(backend):
    if importlib.util.find_spec(backend) is None:
        raise CommandError(
            f"--backend {backend}: it is not installed. "
            f'Install it with: pip install "keras-magvit[{backend}]"'
        )
    os.environ["KERAS_BACKEND"] = backend
    if "keras" in sys.modules:
        running = sys.modules["keras"].config.backend()
        if running != backend:
            raise CommandError(
                f"--backend {backend}: Keras runs on {running!r} in this process already"
            )
