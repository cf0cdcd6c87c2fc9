"""Kills folder replacements at every step; run by test_replacing in its own process.

Keras is not imported here, so that the process has one thread and forking it is safe.
Each system call of a replacement is a place to die: before it and after it.
"""

import importlib.util
import os
import signal
import sys


def load(path):
    """The module under test, without the package and its backend."""
    spec = importlib.util.spec_from_file_location("replacing", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(text):
    """A function that fills a folder with the same text in three files."""

    def fill(folder):
        os.mkdir(os.path.join(folder, "part"))
        for name in ("a", "b", "part/c"):
            with open(os.path.join(folder, name), "w") as file:
                os.write(file.fileno(), text.encode())

    return fill


def read(folder):
    """The one text that the folder holds; None if there is no folder."""
    if not os.path.isdir(folder):
        return None
    texts = set()
    for name in ("a", "b", "part/c"):
        with open(os.path.join(folder, name)) as file:
            texts.add(file.read())
    assert len(texts) == 1, f"a mixture: {texts}"
    return texts.pop()


CALLS = ("mkdir", "rename", "fsync", "write", "unlink", "rmdir", "open", "close")


def arm(module, step):
    """Makes the process die at the step-th place; returns the count of places."""
    count = [0]

    def place():
        count[0] += 1
        if count[0] == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(function):
        def call(*args, **kwargs):
            place()
            result = function(*args, **kwargs)
            place()
            return result

        return call

    for name in CALLS:
        setattr(os, name, mortal(getattr(os, name)))
    module._exchange = mortal(module._exchange)
    return count


def places(module, folder):
    """How many places there are: counted in a child that survives."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        send = os.write
        count = arm(module, 0)
        module.replace_folder(folder, write("new"))
        send(writing, str(count[0]).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    number = int(os.read(reading, 20))
    os.close(reading)
    return number


def killed(module, folder, step):
    """Replaces in a child that dies at a place; returns whether it died."""
    child = os.fork()
    if child == 0:
        arm(module, step)
        module.replace_folder(folder, write("new"))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def prepared(module, root, name, old):
    """A folder to replace, in a parent of its own."""
    parent = os.path.join(root, name)
    os.mkdir(parent)
    folder = os.path.join(parent, "preset")
    if old:
        module.replace_folder(folder, write("old"))
    return folder


def sweep(module, root, old):
    """Dies everywhere once; returns what was found after, place by place."""
    found = []
    number = places(module, prepared(module, root, "count", old))
    for step in range(1, number + 1):
        folder = prepared(module, root, str(step), old)
        assert killed(module, folder, step), step
        found.append(read(module.recover(folder)))
        # The next save works, and sweeps up.
        module.replace_folder(folder, write("next"))
        assert read(folder) == "next"
        assert os.listdir(os.path.dirname(folder)) == ["preset"]
    return found


if __name__ == "__main__":
    path, root, old, portable = sys.argv[1:]
    replacing = load(path)
    if portable == "portable":
        replacing._exchange = lambda first, second: False
    print(" ".join(map(str, sweep(replacing, root, old == "old"))))
