"""`keras-magvit evaluate`: a preset, measured by a protocol."""

import os

from keras_magvit.cli import loading, networks, options
from keras_magvit.cli.errors import refusals
from keras_magvit.cli.progress import Bars

NAME = "evaluate"
SUMMARY = "measure a preset by a protocol of the paper, and write a report"
EXAMPLES = """\
OUT becomes a folder: report.json, report.csv, report.md, and report.html with the clips
of every task side by side. What is finished is kept in OUT/cache: a run that was killed
goes on where it stopped when the same command is given again, and ends in the same
numbers. With several --steps, OUT gets a report of each in a folder steps_N, and a table
of them, steps.md and steps.csv.

PROTOCOL is one of: bair, bair_debiased, ucf101, ucf101_reconstruction, kinetics600,
ssv2, nuscenes, objectron, web, simulated_pushing, simulated_pushing_debiased. Whatever
departs from it (fewer videos, another dataset) is printed in the report.

examples:
  keras-magvit evaluate --preset my_model/ --protocol simulated_pushing --out report/
  keras-magvit evaluate --preset k600_fp --protocol kinetics600 --num-videos 256 --out r/
  keras-magvit evaluate --preset m/ --dataset clips/ --protocol bair --tasks FP --out r/
  keras-magvit evaluate --preset m/ --protocol bair --tasks FP --steps 1 4 8 12 --out r/
"""
_OPTIONS = {
    "protocol": "--protocol",
    "task": "--tasks",
    "tasks": "--tasks",
    "num_videos": "--num-videos",
    "num_steps": "--steps",
    "schedule": "--schedule",
    "name": "--schedule",
    "name_or_path": "--dataset",
    "choice_temperature": "--choice-temperature",
    "sampling_temperature": "--sampling-temperature",
}
_PERCEPTUAL = ("lpips", "efficientnet_lite0", "none")


def add_arguments(parser):
    """Adds the model, the protocol, what may depart from it, and the output."""
    parser.add_argument(
        "--preset", required=True, help="a name, or a preset folder or handle"
    )
    parser.add_argument("--protocol", required=True, metavar="PROTOCOL")
    parser.add_argument(
        "--out", required=True, metavar="OUT", help="folder of the report"
    )
    parser.add_argument(
        "--tasks",
        nargs="+",
        default=["all"],
        metavar="TASK",
        help="names or abbreviations, and `reconstruction`; default: all of the "
        "protocol's that the model was made for",
    )
    data = parser.add_argument_group("the real clips")
    data.add_argument(
        "--dataset", help="a name or a path; default: the protocol's dataset"
    )
    data.add_argument("--data-dir", metavar="FOLDER", help="of prepared datasets")
    data.add_argument(
        "--num-videos",
        type=options.at_least(2),
        metavar="N",
        help="use at most N real clips, and make as many for each as the protocol does",
    )
    made = parser.add_argument_group("what is generated")
    made.add_argument("--repeats", type=options.at_least(1), metavar="N")
    made.add_argument("--samples-per-clip", type=options.at_least(1), metavar="N")
    made.add_argument(
        "--steps", type=int, nargs="+", metavar="N", help="decoding steps; one or more"
    )
    made.add_argument("--schedule", metavar="NAME", help="mask schedule")
    for name in ("--choice-temperature", "--sampling-temperature"):
        made.add_argument(name, type=float, metavar="X")
    made.add_argument("--guidance-scale", type=float, metavar="X", help="0 is off")
    made.add_argument("--batch-size", type=options.at_least(1), default=8, metavar="N")
    networks.add_i3d(parser)
    parser.add_argument(
        "--perceptual",
        choices=_PERCEPTUAL,
        default="lpips",
        help="perceptual distance; lpips downloads VGG16 (528 MB) once; left out if its "
        "weights cannot be had; default lpips",
    )
    parser.add_argument(
        "--no-bias-card", action="store_true", help="leave out the card"
    )
    parser.add_argument(
        "--no-baselines",
        action="store_true",
        help="leave out the distances of padded and of mean-coloured conditions",
    )
    parser.add_argument(
        "--cache", metavar="FOLDER", help="of finished work; default: OUT/cache"
    )


def run(arguments, console):
    """Writes the report of a preset, or one for each number of steps."""
    from keras_magvit.evaluation import protocols, saving, sweep

    with refusals(_OPTIONS):
        protocol = protocols.get(arguments.protocol)
    steps = list(dict.fromkeys(arguments.steps or [None]))
    out, overwrite = arguments.out, arguments.overwrite
    if len(steps) == 1:
        saving.check_folder(out, overwrite)
    else:
        sweep.check_folder(out, steps, overwrite)
    given = _networks(arguments, protocol, console)
    reports = {n: _report(arguments, console, protocol, n, **given) for n in steps}
    if len(steps) == 1:
        paths = saving.save(reports[steps[0]], out, overwrite)
    else:
        paths = sweep.save(reports, out, overwrite)
    for number, report in reports.items():
        for result in report.tasks:
            after = "" if len(steps) == 1 else f", {sweep.words(number)}"
            console.say(f"{result.task}{after}: {_line(result)}")
    for path in paths:
        console.wrote(path)


def _networks(arguments, protocol, console):
    """The model, and what looks at its videos: arguments of `evaluate`."""
    missing: dict[str, str] = {}
    i3d = networks.i3d(arguments)
    lpips = networks.perceptual(arguments, missing)
    c3d = networks.c3d(protocol, missing)
    model = loading.any_model(arguments, console)
    return {
        "model": model,
        "i3d": i3d,
        "lpips": lpips,
        "c3d": c3d,
        "classifier": networks.motion_classifier(protocol, model, missing),
        "not_measured": missing,
    }


def _report(arguments, console, protocol, num_steps, **given):
    from keras_magvit.evaluation import evaluate, saving

    sampling = {
        "num_steps": num_steps,
        "schedule": arguments.schedule,
        "choice_temperature": arguments.choice_temperature,
        "sampling_temperature": arguments.sampling_temperature,
        "guidance_scale": arguments.guidance_scale,
    }
    with refusals(_OPTIONS), Bars(console) as bars:
        return evaluate(
            protocol=protocol,
            cache=arguments.cache or os.path.join(arguments.out, saving.CACHE),
            dataset=arguments.dataset,
            tasks=arguments.tasks,
            num_videos=arguments.num_videos,
            repeats=arguments.repeats,
            samples_per_clip=arguments.samples_per_clip,
            sampling={k: v for k, v in sampling.items() if v is not None},
            seed=arguments.seed,
            batch_size=arguments.batch_size,
            with_bias_card=not arguments.no_bias_card,
            with_baselines=not arguments.no_baselines,
            model_name=arguments.preset,
            data_dir=arguments.data_dir,
            progress=bars,
            **given,
        )


def _line(result):
    scores = ", ".join(f"{name} {score}" for name, score in result.scores.items())
    return f"{scores} ({result.num_real} real, {result.num_fake} fake)"
