"""The entry point: from arguments to an exit code."""

import argparse
import sys
import warnings

from keras_magvit._version import __version__
from keras_magvit.cli import (
    data,
    demo,
    detokenize,
    evaluate,
    export,
    fvd,
    generate,
    metrics,
    options,
    presets,
    reconstruct,
    session,
    tokenize,
    train_tokenizer,
    train_transformer,
)
from keras_magvit.cli.console import Console
from keras_magvit.cli.errors import refusal_line

COMMANDS = (
    *(presets, generate, reconstruct, tokenize, detokenize),
    *(train_tokenizer, train_transformer),
    *(evaluate, fvd, metrics),
    *(data, demo, export),
)
EXAMPLES = """\
examples:
  keras-magvit presets
  keras-magvit generate k600_fp frame_prediction --video clip.mp4 --out next.mp4
  keras-magvit reconstruct k600_fp clip.mp4 --out again.mp4
  keras-magvit fvd real/ generated/
  keras-magvit COMMAND --help
"""


def main(argv=None):
    """Runs one command.

    Args:
        argv: arguments without the program's name; None takes those of the process.

    Returns:
        The exit code: 0; 2 for bad input, after one line on stderr that says what is
        wrong; 130 after Ctrl-C. A bug raises.
    """
    console = Console()
    try:
        arguments = build_parser().parse_args(argv)
        console.quiet = arguments.quiet
        with warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")
            session.start(arguments.backend, arguments.seed)
            arguments.run(arguments, console)
        console.release()
        sys.stdout.flush()
        return 0
    except KeyboardInterrupt:
        console.clear()
        print("keras-magvit: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of stdout, `head` perhaps, has seen enough
        sys.stdout = None
        return 0
    except Exception as error:
        console.clear()
        line = refusal_line(error)
        if line is None:
            raise
        print(f"keras-magvit: error: {line}", file=sys.stderr)
        return 2


def build_parser():
    """The parser with all its commands; needs nothing but the standard library."""
    parser = options.Parser(
        prog="keras-magvit",
        description="MAGVIT, the Masked Generative Video Transformer.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"keras-magvit {__version__}"
    )
    options.add_commands(parser, COMMANDS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
