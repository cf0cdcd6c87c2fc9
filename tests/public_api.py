"""Lists the public names and signatures: python -m tests.public_api writes the file.

    module.name(argument, option=default)      functions, classes and their methods
    module.name: type                          properties and values
    module.name = other.name                   the same thing under a second name

What `__all__` names is public, and in a module without one whatever it defines without
an underscore; of a class, what this package adds to it.
"""

import inspect
import types
from pathlib import Path

import keras_magvit

FILE = Path(__file__).with_name("public_api.txt")
PACKAGE = keras_magvit.__name__


def lines():
    """The lines of the file, sorted."""
    homes, modules = {}, [keras_magvit, keras_magvit.io]
    found = []
    while modules:
        module = modules.pop()
        for name in sorted(_names(module)):
            value, path = getattr(module, name), f"{module.__name__}.{name}"
            if inspect.ismodule(value):
                if value.__name__.startswith(PACKAGE):
                    modules.append(value)
            elif _has_a_home(value):
                homes.setdefault(id(value), []).append((path, value))
            elif not name.startswith("__"):
                found.append(f"{path}: {type(value).__name__}")
    for places in homes.values():
        # The room, not the top: that is where one looks for it.
        (home, value), *others = sorted(places, key=lambda p: (-p[0].count("."), p[0]))
        found += _described(home, value)
        found += [f"{path} = {home}" for path, _ in others]
    return sorted(set(found))


def _names(module):
    if hasattr(module, "__all__"):
        return module.__all__
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and _is_defined_in(module, value)
    ]


def _is_defined_in(module, value):
    return getattr(value, "__module__", module.__name__) == module.__name__ and not (
        inspect.ismodule(value)
    )


def _has_a_home(value):
    return inspect.isclass(value) or callable(value)


def _described(path, value):
    yield f"{path}{_signature(value)}"
    if not inspect.isclass(value):
        return
    members = {}
    for base in reversed(value.__mro__):
        if base.__module__.startswith(PACKAGE):
            members.update(vars(base))
    for name, member in members.items():
        if name.startswith("_"):
            continue
        if isinstance(member, (property, types.MemberDescriptorType)):
            yield f"{path}.{name}: {type(member).__name__}"
        elif isinstance(member, (classmethod, staticmethod)):
            yield f"{path}.{name}{_signature(member.__func__)}"
        elif callable(member):
            yield f"{path}.{name}{_signature(member)}"
        else:
            kind = type(member).__name__.strip("_")
            yield f"{path}.{name}: {'field' if kind == 'tuplegetter' else kind}"


def _signature(value):
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return ": " + type(value).__name__
    words, keyword_only = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            if not any(word.startswith("*") for word in words):
                words.append("*")
            keyword_only = True
        words.append(_word(parameter))
    return f"({', '.join(words)})"


def _word(parameter):
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
    name = stars.get(parameter.kind, "") + parameter.name
    if parameter.default is parameter.empty:
        return name
    default = parameter.default
    if callable(default):
        return f"{name}=<{getattr(default, '__name__', type(default).__name__)}>"
    text = repr(default)
    # The address of an object differs from run to run.
    return (
        f"{name}=<{type(default).__name__}>" if " at 0x" in text else f"{name}={text}"
    )


def main():
    FILE.write_text("\n".join(lines()) + "\n")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
