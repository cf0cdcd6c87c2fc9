"""Processes of their own: a framework counts its devices once."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import keras

ROOT = Path(__file__).resolve().parents[2]
# Compile times are most of what these tests cost.
XLA_FLAGS = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


def start(module, *arguments, devices=1, **environment):
    """Starts `python -m tests.distribution.MODULE ARGUMENTS` on this backend."""
    flags = f"{XLA_FLAGS} --xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.distribution.{module}", *map(str, arguments)],
        cwd=ROOT,
        env={
            **os.environ,
            "KERAS_BACKEND": keras.config.backend(),
            "XLA_FLAGS": flags,
            **environment,
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def free_address():
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def finish(*processes):
    """Waits for all of them; a failure shows what the process wrote."""
    try:
        for process in processes:
            _, errors = process.communicate(timeout=1200)
            assert process.returncode == 0, errors[-5000:]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
