"""A connection to the physics engine."""

import functools
from types import TracebackType
from typing import Any


def import_pybullet() -> Any:
    """Returns PyBullet.

    Raises:
        ImportError: if it is missing; the text has the pip line.
    """
    try:
        import pybullet
    except ImportError as error:
        raise ImportError(
            "Simulating videos needs PyBullet. "
            'Install it with: pip install "keras-magvit[sim]"'
        ) from error
    return pybullet


class Client:
    """PyBullet's functions and constants, bound to one simulation without a window.

    A context manager; every simulation starts empty and leaves nothing behind, which is
    what makes a video independent of those that were rendered before it.
    """

    def __init__(self) -> None:
        self._bullet = import_pybullet()
        self._number = self._bullet.connect(self._bullet.DIRECT)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._bullet, name)
        if callable(found):
            found = functools.partial(found, physicsClientId=self._number)
        return found

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bullet.disconnect(physicsClientId=self._number)
