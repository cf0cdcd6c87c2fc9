"""Whether freed memory comes back without a page of it being fetched anew."""

import mmap
import os
import subprocess
import sys

import keras
import pytest

from keras_magvit.backend import allocation

BLOCK = 2**26
PAGES = BLOCK // mmap.PAGESIZE

COUNT = f"""
import resource, runpy, sys

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * {BLOCK}
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

{{}}
pages()
print(told, pages())
"""


def _is_glibc():
    return sys.platform == "linux" and "CS_GNU_LIBC_VERSION" in os.confstr_names


pytestmark = pytest.mark.skipif(not _is_glibc(), reason="tells glibc's malloc alone")


def _output(*words, **environment):
    """What a fresh Python says whose malloc nobody has settled."""
    theirs = ("GLIBC_TUNABLES", "LD_PRELOAD", "MALLOC_", "KERAS_MAGVIT_KEEP_MEMORY")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(theirs)}
    command = [sys.executable, "-c", *words]
    return subprocess.check_output(command, env={**clean, **environment}, text=True)


def _probe(**environment):
    """Whether malloc was told, and the pages that were fetched."""
    call = 'told = runpy.run_path(sys.argv[1])["keep_freed_memory"]()'
    told, pages = _output(
        COUNT.format(call), allocation.__file__, **environment
    ).split()
    return told == "True", int(pages)


def test_a_block_that_was_freed_is_not_fetched_again():
    told, pages = _probe()
    assert told and pages < PAGES // 100


@pytest.mark.parametrize(
    "environment",
    [
        {"KERAS_MAGVIT_KEEP_MEMORY": "0"},
        {"MALLOC_ARENA_MAX": "4"},
        {"GLIBC_TUNABLES": "glibc.malloc.arena_max=4"},
    ],
)
def test_who_chose_otherwise_is_left_alone(environment):
    told, pages = _probe(**environment)
    assert not told and pages >= PAGES


def test_it_is_told_with_the_backend():
    _, pages = _output(COUNT.format("import keras_magvit.backend as told")).rsplit(
        " ", 1
    )
    kept = keras.config.backend() != "jax"
    assert int(pages) < PAGES // 100 if kept else int(pages) >= PAGES
