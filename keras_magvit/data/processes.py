"""Processes that read or render videos, and do without Keras."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

# Read by `keras_magvit/__init__.py`, which then leaves Keras alone until it is asked for.
_LIGHT = "KERAS_MAGVIT_READER"


class DataProcesses(ProcessPoolExecutor):
    """A pool that costs no import of Keras a process.

    Processes are spawned, not forked: a fork of a process with TensorFlow's threads can
    hang. Ctrl-C, which reaches every process of a terminal, is the parent's to answer.

    Args:
        num_workers: processes at most.
        enter: function called in each process before its first task.
        arguments: of `enter`.
    """

    def __init__(
        self,
        num_workers: int,
        enter: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(
            num_workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_enter,
            initargs=(enter, arguments),
        )

    def submit(self, *args: Any, **kwargs: Any) -> "Future[Any]":
        """As of any executor; processes are started while a task is handed in."""
        os.environ[_LIGHT] = "1"
        try:
            return super().submit(*args, **kwargs)
        finally:
            os.environ.pop(_LIGHT, None)


def _enter(enter: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if enter is not None:
        enter(*arguments)
