"""Settings of a training: a table, filled from a YAML file and from flags, which win."""

import argparse
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from keras_magvit.cli.errors import CommandError

_MAX_BYTES = 1 << 20
# YAML 1.1 reads 1e-4 as text.
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


class Setting(NamedTuple):
    """One setting: a key of the YAML file and, with dashes, a flag.

    Attributes:
        name: the key.
        read: function of a value as YAML gives it; returns the setting's value, or
            raises ValueError with what must hold.
        default: its value where nothing is said.
        metavar: of the flag; None makes it `--name / --no-name`.
        help: one line.
        words: whether the flag takes several words.
    """

    name: str
    read: Callable[[Any], Any]
    default: Any
    metavar: str | None
    help: str
    words: bool = False

    @property
    def flag(self) -> str:
        """The flag on the command line."""
        return "--" + self.name.replace("_", "-")


# === Kinds ===========================================================================


def whole(least: int) -> Callable[[Any], int]:
    """A kind: an int from `least` on."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"must be an int >= {least}")
        return value

    return read


def positive(value: Any) -> float:
    """A kind: a number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError("must be a number above 0")
    return float(value)


def text(value: Any) -> str:
    """A kind: text, such as a path."""
    if isinstance(value, (Mapping, list, bool)) or not str(value).strip():
        raise ValueError("must be text")
    return str(value)


def switch(value: Any) -> bool:
    """A kind: true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def one_of(*choices: str) -> Callable[[Any], str]:
    """A kind: one of some names."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return read


def names(value: Any) -> list[str]:
    """A kind: a list of names; text is split at commas and spaces."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ValueError("must be a list of names")
    return value


def pixels(value: Any) -> list[int]:
    """A kind: one number for a square, or height and width."""
    value = [value, value] if isinstance(value, int) else value
    fits = isinstance(value, list) and len(value) == 2
    if not fits or not all(isinstance(v, int) and v > 0 for v in value):
        raise ValueError("must be a number of pixels, or [height, width]")
    return value


def fields(name_key: str | None = None) -> Callable[[Any], dict[str, Any]]:
    """A kind: a mapping; plain text stands for `{name_key: text}`.

    On the command line it is written as words, `NAME FIELD=VALUE FIELD=VALUE`.
    """

    def read(value: Any) -> dict[str, Any]:
        if isinstance(value, str) and name_key:
            value = {name_key: value}
        if not isinstance(value, dict) or not all(isinstance(k, str) for k in value):
            raise ValueError(f"must be {name_key or 'FIELD=VALUE'} or fields")
        return value

    return read


# === From flags and file =============================================================


def add_arguments(parser: argparse.ArgumentParser, table: Sequence[Setting]) -> None:
    """Adds a flag for every setting; one that is not given stays out of the result."""
    for setting in table:
        kind: dict[str, Any] = {"metavar": setting.metavar}
        if setting.metavar is None:
            kind = {"action": argparse.BooleanOptionalAction}
        elif setting.words:
            kind = {"nargs": "+", "metavar": (setting.metavar, "FIELD=VALUE")}
        parser.add_argument(
            setting.flag,
            dest=setting.name,
            default=argparse.SUPPRESS,
            help=setting.help,
            **kind,
        )


def merge(
    table: Sequence[Setting], arguments: argparse.Namespace, *files: str | None
) -> dict[str, Any]:
    """The settings of a run: defaults, then each file, then the flags.

    Args:
        table: the settings there are.
        arguments: what was parsed; holds the settings that were given as flags.
        *files: YAML files, the weakest first; None is none.

    Returns:
        Plain values by name, one for every setting.

    Raises:
        CommandError: if a file cannot be read, a key is unknown, or a value is none
            that the setting takes.
    """
    settings = {setting.name: setting.default for setting in table}
    for path in filter(None, files):
        given = read_yaml(path)
        check_keys(path, given, settings)
        for setting in table:
            if given.get(setting.name) is not None:
                value = plain(given[setting.name])
                settings[setting.name] = _read(setting, value, path)
    for setting in table:
        words = getattr(arguments, setting.name, None)
        if words is not None:
            value = _read(setting, _from_flag(setting, words), setting.flag)
            before = settings[setting.name]
            # Fields are settings of their own: the others stay.
            both = isinstance(value, dict) and isinstance(before, dict)
            settings[setting.name] = {**before, **value} if both else value
    return settings


def check_keys(where: str, given: Mapping[str, Any], known: Any) -> None:
    """Refuses keys that are not among the known ones, and lists these."""
    unknown = [str(key) for key in given if key not in known]
    if unknown:
        raise CommandError(
            f"{where}: unknown {', '.join(unknown)}; known: {', '.join(known)}"
        )


def _read(setting: Setting, value: Any, where: str) -> Any:
    try:
        return setting.read(value)
    except ValueError as error:
        raise CommandError(f"{where}: {setting.name} {error}, not {value!r}") from error


def _from_flag(setting: Setting, given: Any) -> Any:
    """What the words of a flag say, as YAML would."""
    if not isinstance(given, (str, list)) or setting.read is text:
        return given
    if setting.read is names:
        return " ".join(given)
    if isinstance(given, str):
        return parse(given, setting.flag)
    head = given[:1] if "=" not in given[0] else []
    if len(given) == len(head):
        return head[0]
    value = _read(setting, head[0], setting.flag) if head else {}
    for word in given[len(head) :]:
        field, equals, rest = word.partition("=")
        if not equals:
            raise CommandError(f"{setting.flag}: {word!r} is not FIELD=VALUE")
        value[field] = parse(rest, setting.flag)
    return value


# === YAML ============================================================================


def read_yaml(path: str) -> dict[str, Any]:
    """The mapping that a YAML file holds.

    Raises:
        CommandError: if it cannot be read or holds something else.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path!r}: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise CommandError(f"{path!r}: larger than {_MAX_BYTES} bytes")
    value = parse(data, repr(path))
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CommandError(f"{path!r}: must hold `key: value` lines")
    return value


def parse(data: str | bytes, where: str) -> Any:
    """One YAML value, nothing but plain ones."""
    yaml = import_yaml()
    try:
        return plain(yaml.safe_load(data))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or error
        raise CommandError(f"{where}: not YAML: {line}{problem}") from error


def plain(value: Any) -> Any:
    """The value with numbers like 1e-4 read as such, wherever they stand."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    return value


def write_yaml(path: str | os.PathLike[str], settings: Mapping[str, Any]) -> None:
    """Writes settings, whole or not at all, so that `read_yaml` gives them back."""
    yaml = import_yaml()
    text = yaml.safe_dump(dict(settings), sort_keys=False, default_flow_style=None)
    temporary = f"{os.fspath(path)}.partial"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def import_yaml() -> Any:
    """PyYAML, which only the commands that train need."""
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise CommandError(
            'Training from the command line needs PyYAML: pip install "keras-magvit[train]"'
        ) from error
    return yaml
