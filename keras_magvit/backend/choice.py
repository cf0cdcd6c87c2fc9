"""Whether formulations that are faster on some devices alone may be traced."""

import contextlib
import contextvars

_plain = contextvars.ContextVar("plain", default=False)


@contextlib.contextmanager
def plain_path():
    """Inside, whatever is traced takes the plain formulation: for exported graphs."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def is_plain():
    """Whether `plain_path` is on."""
    return _plain.get()
