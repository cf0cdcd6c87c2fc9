"""Every public name is documented with an example, and the examples run."""

import doctest
import importlib
import inspect

import pytest

import keras_magvit as km

ROOMS = (
    *(
        "conversion",
        "data",
        "evaluation",
        "export",
        "io",
        "layers",
        "losses",
        "metrics",
    ),
    *("models", "ops.masking", "ops.padding", "ops.sampling", "ops.schedule"),
    *("presets", "recipes", "tasks", "training"),
)
# What an example would need that no test can have here. Those of `data` run with files
# of their own, in tests/data/stream/test_docstrings.py.
NEEDS = {
    "weights of I3D": (
        *("metrics.I3D", "metrics.FVDResult", "metrics.fvd"),
        *("metrics.FrechetVideoDistance", "metrics.video_statistics"),
        *("evaluation.Measures", "evaluation.compare_videos", "evaluation.Comparison"),
        "evaluation.FVDCallback",
    ),
    "weights of C3D": ("metrics.C3D", "metrics.InceptionScore"),
    "weights of LPIPS": ("metrics.LPIPS",),
    "minutes: a whole evaluation": (
        *("evaluation.evaluate", "evaluation.Report", "evaluation.TaskResult"),
        *("evaluation.BiasCard", "evaluation.ClassReading", "evaluation.save"),
    ),
    "a checkpoint of the official code": (
        *("conversion.tokenizer_from_videogvt", "conversion.magvit_from_videogvt"),
        *("conversion.transformer_from_videogvt", "conversion.split_prompts"),
        "conversion.discriminator_from_videogvt",
    ),
    "minutes: graphs that are written and checked": ("export.export_model",),
    "eight devices": (
        *("training.tokenizer_layout_map", "training.transformer_layout_map"),
    ),
    "a hub": ("presets.upload_preset", "presets.Upload"),
}
EXCUSED = {name for names in NEEDS.values() for name in names}


def public():
    """`(room.name, object)` of every class and function that users may name."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module(f"keras_magvit.{room}")
        names = getattr(module, "__all__", None) or [
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and getattr(value, "__module__", "") == module.__name__
        ]
        found |= {f"{room}.{name}": getattr(module, name) for name in names}
    known = list(found.values())  # most names of the package itself live in a room
    found |= {
        f"km.{name}": getattr(km, name)
        for name in km.__all__
        if not any(getattr(km, name) is value for value in known)
    }
    return {
        name: value
        for name, value in found.items()
        if inspect.isclass(value) or inspect.isfunction(value)
    }


PUBLIC = public()


class _Lenient(doctest.OutputChecker):
    """An example that shows no output says nothing about it."""

    def check_output(self, want, got, optionflags):
        return not want or super().check_output(want, got, optionflags)


def examples(name):
    return doctest.DocTestParser().get_examples(inspect.getdoc(PUBLIC[name]) or "")


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_there_is_an_example(name):
    assert examples(name)


def test_only_names_that_exist_are_excused():
    assert EXCUSED <= set(PUBLIC)


ROOMS_WITH_EXAMPLES = sorted({name.rpartition(".")[0] for name in PUBLIC} - {"data"})


@pytest.mark.parametrize(
    "room",
    [
        pytest.param(room, marks=[pytest.mark.heavy] if room == "training" else [])
        for room in ROOMS_WITH_EXAMPLES
    ],
)
def test_examples_run(room, namespace):
    runner = doctest.DocTestRunner(_Lenient(), optionflags=doctest.ELLIPSIS)
    for name in sorted(PUBLIC):
        if name.rpartition(".")[0] == room and name not in EXCUSED:
            own = {**namespace, PUBLIC[name].__name__: PUBLIC[name]}
            runner.run(doctest.DocTest(examples(name), own, name, None, 0, None))
    assert runner.summarize(verbose=False).failed == 0
