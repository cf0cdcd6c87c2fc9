"""The recipe of a training, and how long it goes on."""

import dataclasses
from typing import NamedTuple

from keras_magvit.cli import settings
from keras_magvit.cli.errors import CommandError, refusals


def read_recipe(find, values):
    """The recipe with the fields that the settings change.

    Args:
        find: `recipes.tokenizer` or `recipes.transformer`.
        values: the settings.
    """
    given = dict(values["recipe"])
    name = given.pop("name", "paper")
    for field in ("batch_size", "learning_rate"):
        if values[field] is not None:
            given[field] = values[field]
    with refusals():
        recipe = find(name)
        known = [field.name for field in dataclasses.fields(recipe)]
        settings.check_keys("recipe", given, known)
        _check_types(recipe, given)
        return recipe.replace(**given)


def _check_types(recipe, given):
    for name, value in given.items():
        kind = str(type(recipe).__annotations__[name])
        fits = {
            "float": isinstance(value, (int, float)),
            "int": isinstance(value, int),
            "str": isinstance(value, str),
            "bool": isinstance(value, bool),
            "None": value is None,
            "Mapping": isinstance(value, dict),
        }
        if not any(fits.get(word, False) for word in _words(kind)):
            raise CommandError(f"recipe: {name} must be {kind}, not {value!r}")


def _words(kind):
    """The alternatives of an annotation, without modules: `int | None` are two."""
    names = [part.strip().partition("[")[0] for part in kind.split("|")]
    names = [name.removeprefix("<class '").removesuffix("'>") for name in names]
    return [name.rpartition(".")[2] for name in names]


class Plan(NamedTuple):
    """How long a training is.

    Attributes:
        steps: of the whole training.
        warmup_steps: of the learning rate.
        batch_size: clips a step.
    """

    steps: int
    warmup_steps: int
    batch_size: int


def make_plan(values, recipe, dataset, warmup_steps):
    """A `Plan`; `warmup_steps(steps of a pass)` is what the recipe wants."""
    size = recipe.batch_size
    a_pass = -(-len(dataset) // size)
    steps = values["steps"] or (values["epochs"] or recipe.epochs) * a_pass
    warmup = values["warmup_steps"]
    if warmup is None:
        warmup = min(int(warmup_steps(a_pass)), steps // 10)
    if warmup >= steps:
        raise CommandError(f"warmup_steps must be below steps ({steps}), not {warmup}")
    return Plan(steps, warmup, size)
