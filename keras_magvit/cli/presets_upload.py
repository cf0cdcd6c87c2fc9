"""`keras-magvit presets upload`: a preset to a hub."""

from keras_magvit.cli import options
from keras_magvit.cli.errors import refusals

NAME = "upload"
SUMMARY = "send a preset to the Hugging Face Hub or to Kaggle"
EXAMPLES = """\
The preset is loaded first: what could not be loaded is not sent. Its files go, with
README.md and pictures beside them; a preset without a README.md gets a model card.
Log in before: `hf auth login`, or `kagglehub.login()` in Python.

examples:
  keras-magvit presets upload my_model/ hf://user/my_model --dry-run
  keras-magvit presets upload my_model/ hf://user/my_model --private
  keras-magvit presets upload my_model/ kaggle://owner/magvit/keras/my_model
"""
OPTIONS = {"preset": "PRESET", "handle": "HANDLE", "license": "--license"}


def add_arguments(parser):
    """Adds what is sent, and where to."""
    options.add_preset(parser)
    parser.add_argument(
        "handle",
        metavar="HANDLE",
        help="hf://user/name or kaggle://owner/model/framework/variation",
    )
    parser.add_argument(
        "--private", action="store_true", help="a new repository is seen by you alone"
    )
    parser.add_argument(
        "--license", default="apache-2.0", metavar="SPDX", help="default: apache-2.0"
    )
    parser.add_argument("--message", metavar="TEXT", help="of the commit or version")
    parser.add_argument(
        "--dry-run", action="store_true", help="check everything, send nothing"
    )


def run(arguments, console):
    """Sends the preset, and prints what went where."""
    import keras_magvit as km
    import keras_magvit.models  # so that Keras knows the classes

    with refusals(OPTIONS):
        sent = km.upload_preset(
            arguments.handle,
            arguments.preset,
            private=arguments.private,
            license=arguments.license,
            message=arguments.message,
            dry_run=arguments.dry_run,
        )
    for name, size in sent.files.items():
        console.tell(f"{size:>13,}  {name}")
    total = sum(sent.files.values())
    if sent.url is None:
        console.say(f"would send {len(sent.files)} files, {total:,} bytes")
    else:
        console.say(f"sent {len(sent.files)} files, {total:,} bytes: {sent.url}")
