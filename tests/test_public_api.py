"""The public names and signatures are those of tests/public_api.txt."""

import difflib

from tests import public_api
from tests.conftest import once


@once
def test_names_and_signatures():
    """Changed on purpose? `make api` writes the file anew: look at its diff."""
    stored = public_api.FILE.read_text().splitlines()
    diff = difflib.unified_diff(
        stored, public_api.lines(), "public_api.txt", "the package", lineterm="", n=0
    )
    changes = "\n".join(diff)
    assert not changes, f"`make api` would change it:\n{changes}"


def test_what_a_line_says():
    def function(first, *, option=(1, 2), make=len, **more):
        pass

    assert public_api._signature(function) == (
        "(first, *, option=(1, 2), make=<len>, **more)"
    )

    class Thing:
        def __init__(self, *values, scale=1.0):
            pass

    assert public_api._signature(Thing) == "(*values, scale=1.0)"
