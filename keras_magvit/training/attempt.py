"""What may fail without harm."""

import warnings


class Attempt:
    """A context whose errors are warnings, and only the first of them.

    What only shows a training must not end it: a full disk or a missing package costs a
    picture, not a week.

    Args:
        what: what is attempted, the beginning of a sentence.
    """

    def __init__(self, what):
        self.what = what
        self.failed = False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if not isinstance(error, Exception):
            return False
        if not self.failed:
            text = " ".join(f"{type(error).__name__}: {error}".split())
            warnings.warn(
                f"{self.what} could not be written ({text}). Training goes on; this is "
                "said once.",
                stacklevel=2,
            )
        self.failed = True
        return True
