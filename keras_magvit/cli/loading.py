"""Models from presets, with what there is to warn of told as notes."""

import warnings

from keras_magvit.cli.errors import CommandError


def model(arguments, console):
    """The `MAGVIT` that the options name.

    Raises:
        CommandError: if there is no such preset, or it cannot be loaded.
    """
    import keras_magvit as km

    return _load(km.MAGVIT, arguments, console)


def tokenizer(arguments, console):
    """The `VideoTokenizer` that the options name, also out of a MAGVIT's preset.

    Raises:
        CommandError: if there is no such preset, or it cannot be loaded.
    """
    import keras_magvit as km

    return _load(km.VideoTokenizer, arguments, console)


def any_model(arguments, console):
    """The `MAGVIT` that the options name, or the `VideoTokenizer` if it is one.

    Raises:
        CommandError: if there is no such preset, or it cannot be loaded.
    """
    try:
        return model(arguments, console)
    except CommandError as error:
        # Only then: a damaged MAGVIT must not pass for its tokenizer.
        if "has type `VideoTokenizer`" not in str(error):
            raise
        return tokenizer(arguments, console)


def _load(kind, arguments, console):
    from keras_magvit.presets import PRESETS, PresetError

    row = PRESETS.get(arguments.preset)
    untrained = row is not None and not row.weights
    if untrained:
        console.note(
            f"preset {row.name!r} is untrained: no public weights exist for it, so the "
            "model has random values and its results are noise"
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            loaded = kind.from_preset(
                arguments.preset,
                load_weights=False if untrained else None,
                dtype=arguments.dtype,
            )
        except PresetError as error:
            raise CommandError(f"{error.preset!r}: {error.message}") from error
    for warning in caught:
        console.note(str(warning.message))
    return loaded
