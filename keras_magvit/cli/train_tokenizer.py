"""`keras-magvit train-tokenizer`: stage 1."""

from keras_magvit.cli import datasets, plans, settings, training
from keras_magvit.cli.errors import CommandError, refusals
from keras_magvit.cli.settings import Setting, fields, one_of, text

NAME = "train-tokenizer"
SUMMARY = "train a tokenizer, stage 1, to a preset folder"
EXAMPLES = """\
Settings come from CONFIG, a YAML file, and from flags, which win; RUN_DIR/settings.yaml
holds what was used. Ctrl-C ends the training after the step at hand, with a state to
--resume from and the result so far in --out; a killed training goes on with --resume.

A 2D tokenizer (temporal_kernel=1) trains on frames, with --frames 1; --inflate makes it
the start of a 3D one.

examples:
  keras-magvit train-tokenizer --dataset moving_digits --size 32 --model filters=16 \\
      --recipe micro --steps 2000 --run-dir runs/digits --dry-run
  keras-magvit train-tokenizer bair.yaml --batch-size 4 --dtype mixed_bfloat16
  keras-magvit train-tokenizer --run-dir runs/digits --resume
  keras-magvit train-tokenizer bair.yaml --frames 1 --model base temporal_kernel=1 \\
      --run-dir runs/2d
  keras-magvit train-tokenizer bair.yaml --inflate runs/2d/preset --run-dir runs/3d
"""
DEFAULTS = training.DEFAULTS
TABLE = (
    Setting(
        *("model", fields("size"), {"size": "base"}, "SIZE|FIELD=VALUE"),
        "base, large or fields of VideoTokenizer, e.g. base filters=32; default base",
        words=True,
    ),
    Setting(
        *("discriminator", fields("size"), {}, "SIZE|FIELD=VALUE"),
        "base, large or fields of VideoDiscriminator; default: as large as the model",
        words=True,
    ),
    Setting(
        *("quantizer", fields(), {}, "FIELD=VALUE"),
        "of its losses, e.g. entropy_weight=0 commitment_cost=0.5; also after --init",
        words=True,
    ),
    Setting("init", text, None, "PRESET", "start from this tokenizer"),
    Setting("inflate", text, None, "PRESET", "start from this 2D tokenizer, inflated"),
    Setting(
        *("inflate_mode", one_of("central", "average"), "central", "MODE"),
        "central (the paper) or average",
    ),
    *training.COMMON,
)
_QUANTIZER_FIELDS = (
    *("commitment_cost", "entropy_weight"),
    *("entropy_temperature", "entropy_kind"),
)
_SET_ELSEWHERE = ("video_shape", "quantizer", "padding", "dtype", "kwargs", "head_size")


def add_arguments(parser):
    """Adds CONFIG, --resume, --dry-run and the settings."""
    training.add_arguments(parser, TABLE)


def run(arguments, console):
    """Trains a tokenizer."""
    values, folder = training.read_settings(TABLE, arguments, console)
    from keras_magvit import recipes

    recipe = plans.read_recipe(recipes.tokenizer, values)
    if recipe.r1_examples is not None and recipe.r1_examples >= recipe.batch_size:
        recipe = recipe.replace(r1_examples=None)  # all of them
    clips = datasets.open_clips(values, training=True)
    tokenizer, recipe = _tokenizer(values, recipe)
    tokenizer = _with_quantizer(tokenizer, values["quantizer"])
    discriminator = _discriminator(values, tokenizer)
    trainer = _trainer(tokenizer, discriminator, recipe, values["dtype"])
    plan = plans.make_plan(
        values, recipe, clips, lambda a_pass: recipe.warmup_epochs * a_pass
    )
    with refusals():
        trainer.compile(
            steps=plan.steps, warmup_steps=plan.warmup_steps, seed=values["seed"]
        )

    def batches(step):
        stream = clips.batches(
            plan.batch_size, step * plan.batch_size, values["workers"]
        )
        return (batch["video"] for batch in stream)

    held = datasets.held_batches(values, plan.batch_size, console)
    videos = [batch["video"] for batch in held]
    made = training.Training(
        model=trainer,
        plan=plan,
        batches=batches,
        validation=_validation(videos),
        samples=_samples(videos, values, folder),
        latent_shape=tokenizer.latent_shape,
        parts={"tokenizer": tokenizer, "discriminator": discriminator},
    )
    training.run(made, values, folder, arguments, console)


# === Models ==========================================================================


def _tokenizer(values, recipe):
    """The tokenizer, and the recipe with the padding that it has."""
    import keras_magvit as km

    shape = (values["frames"], *values["size"])
    given = dict(values["model"])
    if values["init"] and values["inflate"]:
        raise CommandError("init and inflate are two ways to start: choose one")
    if values["init"] or values["inflate"]:
        return _continued(values, shape, given, recipe)
    known = _fields_of(km.VideoTokenizer)
    settings.check_keys("model", given, ("size", *known))
    common = {"video_shape": shape, "padding": recipe.padding, "dtype": values["dtype"]}
    with refusals():
        size = given.pop("size", "base")
        return km.VideoTokenizer.from_size(size, **{**common, **given}), recipe


def _continued(values, shape, given, recipe):
    """A tokenizer that starts from a preset, which sets its architecture."""
    import keras_magvit as km
    from keras_magvit.training import inflate

    source = values["init"] or values["inflate"]
    before = datasets.load(km.VideoTokenizer, source)
    config = {**before.get_config(), "video_shape": shape, "dtype": values["dtype"]}
    free = {"size"}
    if values["inflate"]:
        if before.temporal_kernel != 1:
            raise CommandError(f"{source!r}: is no 2D tokenizer (temporal_kernel=1)")
        free |= {"temporal_kernel", "temporal_downsample"}
        levels = len(before.channel_multipliers)
        flags = given.get("temporal_downsample", [True, True, *[False] * levels])
        config.update(temporal_kernel=3, temporal_downsample=flags)
    settings.check_keys("model", given, ("size", *_fields_of(km.VideoTokenizer)))
    for name, value in given.items():
        if name not in free and _as_yaml(config[name]) != value:
            raise CommandError(
                f"model: {name} is {value!r}, but {config[name]!r} in {source!r}"
            )
    with refusals():
        tokenizer = km.VideoTokenizer.from_config(config)
    if values["inflate"]:
        inflate(before, tokenizer, values["inflate_mode"])
    else:
        _copy_weights(before, tokenizer)
    return tokenizer, recipe.replace(padding=before.padding)


def _with_quantizer(tokenizer, given):
    """The tokenizer with other fields of its quantizer's losses."""
    if not given:
        return tokenizer
    config = tokenizer.get_config()
    settings.check_keys("quantizer", given, _QUANTIZER_FIELDS)
    quantizer = tokenizer.quantizer
    with refusals():
        config["quantizer"] = type(quantizer).from_config(
            {**quantizer.get_config(), **given}
        )
        changed = type(tokenizer).from_config(config)
    _copy_weights(tokenizer, changed)
    return changed


def _as_yaml(value):
    return list(value) if isinstance(value, tuple) else value


def _copy_weights(source, target):
    from keras import ops

    for to, of in zip(target.variables, source.variables, strict=True):
        to.assign(ops.convert_to_numpy(of))


def _discriminator(values, tokenizer):
    import keras_magvit as km
    from keras_magvit.models import discriminator

    given = dict(values["discriminator"])
    settings.check_keys(
        "discriminator", given, ("size", *_fields_of(km.VideoDiscriminator))
    )
    size = given.pop("size", "base")
    if size not in discriminator.SIZES:
        raise CommandError(
            f"discriminator: size must be one of {', '.join(discriminator.SIZES)}"
        )
    if not values["discriminator"]:
        given["filters"] = tokenizer.filters
    with refusals():
        return km.VideoDiscriminator.from_size(
            size,
            **{
                "video_shape": tokenizer.video_shape,
                "dtype": values["dtype"],
                "name": "discriminator",
                **given,
            },
        )


def _fields_of(model):
    import inspect

    names = [n for n in inspect.signature(model.__init__).parameters if n != "self"]
    return [name for name in names if name not in _SET_ELSEWHERE]


def _trainer(tokenizer, discriminator, recipe, dtype):
    import keras_magvit as km
    from keras_magvit.networks.weights import WeightsError
    from keras_magvit.training.perceptual import perceptual_loss

    with refusals():
        perceptual = None
        try:
            if recipe.perceptual:
                perceptual = perceptual_loss(recipe.perceptual, dtype=dtype)
        except WeightsError as error:
            raise CommandError(error) from error
        return km.VideoTokenizerTrainer(
            tokenizer, discriminator, recipe=recipe, perceptual=perceptual
        )


# === Looks ===========================================================================


def _validation(videos):
    from keras_magvit.fitting.sources import PreparedExamples

    return PreparedExamples([(video,) for video in videos]) if videos else None


def _samples(videos, values, folder):
    import numpy as np

    from keras_magvit.training.samples import ReconstructionSamples

    if not videos or not values["sample_clips"]:
        return None
    clips = np.concatenate(videos)[: values["sample_clips"]]
    return ReconstructionSamples(folder.samples, clips)
