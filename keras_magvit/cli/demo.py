"""`keras-magvit demo`: a page to play with a model."""

import threading

from keras_magvit.cli import loading, options
from keras_magvit.cli.errors import CommandError

NAME = "demo"
SUMMARY = "serve a local page to play with a model in the browser"
EXAMPLES = """\
The page is served on this machine alone until Ctrl-C. Uploads lie in a temporary folder
that goes with the server; results are never stored.

examples:
  keras-magvit demo
  keras-magvit demo --preset my_model/ --port 8000 --backend jax
"""


def add_arguments(parser):
    """Adds the preset, the address and the limits."""
    parser.add_argument(
        "--preset",
        metavar="PRESET",
        help="a name that `keras-magvit presets` lists, or a preset folder; default: "
        "the largest that ships with weights",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="to listen on; 0.0.0.0 lets the whole network in; default 127.0.0.1",
    )
    parser.add_argument(
        "--port",
        type=options.at_least(1),
        metavar="N",
        help="default: the first free one from 7860 on",
    )
    parser.add_argument(
        "--max-upload",
        type=options.at_least(1),
        default=64,
        metavar="MB",
        help="largest file of a visitor; default 64",
    )
    parser.add_argument(
        "--max-queue",
        type=options.at_least(1),
        default=8,
        metavar="N",
        help="runs that may wait; default 8",
    )


def run(arguments, console):
    """Serves the page until Ctrl-C."""
    from keras_magvit.page import Limits, default_preset, serve

    arguments.preset = arguments.preset or default_preset()
    limits = Limits(
        upload_bytes=arguments.max_upload * 2**20, queue=arguments.max_queue
    )
    model = loading.model(arguments, console)
    if arguments.host not in ("127.0.0.1", "localhost", "::1"):
        console.note(
            f"--host {arguments.host}: whoever reaches this address can use the page"
        )
    page = serve(
        model, arguments.preset, host=arguments.host, port=arguments.port, limits=limits
    )
    try:
        with page as url:
            console.release()
            console.tell(f"{url} shows {arguments.preset}; Ctrl-C ends it")
            threading.Event().wait()
    except OSError as error:
        raise CommandError(f"--host, --port: cannot listen there: {error}") from error
