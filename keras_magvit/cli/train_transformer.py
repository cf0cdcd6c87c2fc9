"""`keras-magvit train-transformer`: stage 2."""

from keras_magvit.cli import datasets, plans, settings, training
from keras_magvit.cli.errors import CommandError, refusals
from keras_magvit.cli.settings import Setting, fields, names, one_of, text, whole

NAME = "train-transformer"
SUMMARY = "train the masked transformer on a tokenizer, stage 2, to a preset folder"
EXAMPLES = """\
Settings come from CONFIG, a YAML file, and from flags, which win; RUN_DIR/settings.yaml
holds what was used. Ctrl-C ends the training after the step at hand, with a state to
--resume from and the result so far in --out; a killed training goes on with --resume.

Clips are tokenized on the way. With --token-cache they were tokenized before; --dataset
is then read for validation and samples alone.

examples:
  keras-magvit train-transformer --tokenizer runs/digits/preset --dataset moving_digits \\
      --model num_layers=4 hidden_dim=96 num_heads=4 mlp_dim=256 --tasks FP CG IPC \\
      --recipe micro --steps 1000 --run-dir runs/digits2
  keras-magvit train-transformer bair.yaml --tokenizer runs/3d/preset --dry-run
  keras-magvit train-transformer --run-dir runs/digits2 --resume
"""
DEFAULTS = training.DEFAULTS
_CONDITIONINGS = ("commit", "latent", "prefix", "autoregressive")
TABLE = (
    Setting("tokenizer", text, None, "PRESET", "the trained tokenizer; needed"),
    Setting(
        *("model", fields("size"), {"size": "base"}, "SIZE|FIELD=VALUE"),
        "base, large, huge or fields of MaskedVideoTransformer; default base",
        words=True,
    ),
    Setting(
        *("tasks", names, ["frame_prediction"], "TASK"),
        "names or abbreviations: FP FI OPC OPV OPH OPD IPC IPD CG CFP; default FP",
        words=True,
    ),
    Setting(
        *("conditioning", one_of(*_CONDITIONINGS), "commit", "NAME"),
        f"{', '.join(_CONDITIONINGS)}; default commit",
    ),
    Setting(
        *("condition_frames", whole(1), 1, "N"),
        "frames given to tasks that start from whole frames; default 1",
    ),
    Setting(
        *("sampling", fields(), {}, "FIELD=VALUE"),
        "of the preset's generate, e.g. num_steps=12 choice_temperature=4.5",
        words=True,
    ),
    Setting("init", text, None, "PRESET", "start from this model"),
    Setting("token_cache", text, None, "FOLDER", "clips that were tokenized before"),
    *(
        # The tokenizer knows them.
        s._replace(default=None, help=f"{s.help.partition(';')[0]}; the tokenizer's")
        if s.name in ("frames", "size")
        else s
        for s in training.COMMON
    ),
)
_SIZE_FIELDS = (
    *("num_layers", "num_heads", "hidden_dim", "mlp_dim"),
    *("dropout", "attention_dropout"),
)


def add_arguments(parser):
    """Adds CONFIG, --resume, --dry-run and the settings."""
    training.add_arguments(parser, TABLE)


def run(arguments, console):
    """Trains a transformer."""
    values, folder = training.read_settings(TABLE, arguments, console)
    if not (values["tokenizer"] or values["init"]):
        raise CommandError("tokenizer is needed: the preset of a trained tokenizer")
    from keras_magvit import recipes

    recipe = plans.read_recipe(recipes.transformer, values)
    tokenizer = _tokenizer(values)
    shape = tokenizer.video_shape
    values["frames"] = values["frames"] or shape[0]
    values["size"] = values["size"] or list(shape[1:])
    clips = datasets.open_clips(values, training=True)
    model = _model(values, recipe, tokenizer, clips)
    stream = _stream(values, model, clips)
    plan = plans.make_plan(values, recipe, stream, lambda _: recipe.warmup_steps)
    with refusals():
        model.compile(
            recipe=recipe,
            steps=plan.steps,
            warmup_steps=plan.warmup_steps,
            seed=values["seed"],
        )

    def batches(step):
        return stream.batches(
            plan.batch_size, step * plan.batch_size, values["workers"]
        )

    held = datasets.held_batches(values, plan.batch_size, console)
    made = training.Training(
        model=model,
        plan=plan,
        batches=batches,
        validation=_validation(held),
        samples=_samples(held, model, values, folder),
        latent_shape=model.latent_shape,
        parts={"transformer": model.transformer, "tokenizer": tokenizer},
    )
    training.run(made, values, folder, arguments, console)


# === Models ==========================================================================


def _tokenizer(values):
    import keras_magvit as km

    preset = values["tokenizer"] or values["init"]
    return datasets.load(km.VideoTokenizer, preset, values["dtype"])


def _model(values, recipe, tokenizer, clips):
    import keras_magvit as km

    shape = (values["frames"], *values["size"])
    if values["init"]:
        model = datasets.load(
            km.MAGVIT, values["init"], values["dtype"], tokenizer=tokenizer
        )
        if model.video_shape != shape:
            raise CommandError(
                f"{values['init']!r}: made for clips {model.video_shape}"
            )
        return model
    size = dict(values["model"])
    settings.check_keys("model", size, ("size", *_SIZE_FIELDS))
    with refusals():
        return km.MAGVIT(
            tokenizer,
            _transformer_arguments(size, recipe),
            num_classes=clips.num_classes,
            tasks=values["tasks"],
            conditioning=values["conditioning"],
            condition_frames=values["condition_frames"],
            sampling=_sampling(values),
            video_shape=shape,
            dtype=values["dtype"],
            **_recipe_arguments(recipe, tokenizer, clips, values["tasks"]),
        )


def _transformer_arguments(given, recipe):
    """Arguments of the transformer: those of a size, with the fields that are given."""
    from keras_magvit.models.transformer import SIZES

    size = given.pop("size", "base")
    if size not in SIZES:
        raise CommandError(
            f"model: size must be one of {', '.join(SIZES)}, not {size!r}"
        )
    return {**SIZES[size], "dropout": recipe.dropout, **given}


def _recipe_arguments(recipe, tokenizer, clips, tasks):
    return recipe.model_arguments(tokenizer.codebook_size, clips.num_classes, tasks)


def _sampling(values):
    import dataclasses

    from keras_magvit.models.settings import Sampling

    known = [field.name for field in dataclasses.fields(Sampling)]
    settings.check_keys("sampling", values["sampling"], known)
    return dict(values["sampling"])


def _stream(values, model, clips):
    """What is trained on: clips, or their ids."""
    if not values["token_cache"]:
        return clips
    from keras_magvit.data.token_cache import TokenCache

    with refusals():
        cache = TokenCache(values["token_cache"], seed=values["seed"])
        cache.check(model.tokenizer, model.tasks, model.condition_frames)
    return cache


# === Looks ===========================================================================


def _validation(held):
    """One set of arrays: `MAGVIT.fit` makes its examples once."""
    import numpy as np

    if not held:
        return None
    return {name: np.concatenate([b[name] for b in held]) for name in held[0]}


def _samples(held, model, values, folder):
    from keras_magvit.training.samples import GenerationSamples

    if not held or not values["sample_clips"]:
        return None
    count = max(values["sample_clips"], 1)
    batch = {name: array[:count] for name, array in held[0].items()}
    return GenerationSamples(
        folder.samples, batch["video"], batch["label"], seed=values["seed"]
    )
