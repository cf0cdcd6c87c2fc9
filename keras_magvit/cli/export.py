"""`keras-magvit export`: a model for programs without Keras."""

import os

from keras_magvit.cli import loading
from keras_magvit.cli.errors import CommandError, refusals

NAME = "export"
SUMMARY = "write a model as ONNX, SavedModel or LiteRT"
EXAMPLES = """\
The folder holds one graph a function and export.json, which says all that they do not:
shapes, tasks, masks and the sampling. Every graph is run against Keras before the folder
appears. docs/export.md describes the inputs.

examples:
  keras-magvit export --preset moving_digits_mt10_micro --to onnx --out digits/
  keras-magvit export --preset my_model/ --to onnx --int8 --out mine/ --steps 8
  keras-magvit export --preset my_model/ --to saved_model --out mine_tf/
"""

_FORMATS = ("onnx", "saved_model", "litert")
_OPTIONS = {
    "num_steps": "--steps",
    "guidance_scale": "--guidance-scale",
    "directory": "--out",
    "int8": "--int8",
}


def add_arguments(parser):
    """Adds --preset, --to, --out and the sampling that is fixed in the graphs."""
    parser.add_argument(
        "--preset",
        required=True,
        metavar="PRESET",
        help="a name that `keras-magvit presets` lists, or a preset folder",
    )
    parser.add_argument("--to", choices=_FORMATS, default="onnx", help="default: onnx")
    parser.add_argument("--out", required=True, metavar="DIR", help="where to")
    parser.add_argument(
        "--steps", type=int, metavar="N", help="decoding steps of export.json"
    )
    parser.add_argument(
        "--guidance-scale",
        type=float,
        metavar="X",
        help="other than 0: graphs with guidance, which cost twice as much",
    )
    parser.add_argument(
        "--int8",
        action="store_true",
        help="ONNX: also write the transformer with weights of one byte",
    )


def run(arguments, console):
    """Writes the folder."""
    from keras_magvit import export

    out = arguments.out.rstrip("/")
    if not out or "\0" in out:
        raise CommandError(f"{arguments.out!r}: not a path for an output")
    model = loading.any_model(arguments, console)
    try:
        with refusals(_OPTIONS):
            made = export.export_model(
                model,
                out,
                arguments.to,
                num_steps=arguments.steps,
                guidance_scale=arguments.guidance_scale,
                int8=arguments.int8,
                overwrite=arguments.overwrite,
            )
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(f"{out!r}: cannot write the output: {reason}") from error
    for name in sorted(set(made["files"].values())):
        console.wrote(os.path.join(out, name))
    for title in ("checked", "int8"):
        if title in made:
            figures = [f"{k} {v:.6g}" for k, v in made[title].items()]
            console.tell(f"{title}: {', '.join(figures)}")
