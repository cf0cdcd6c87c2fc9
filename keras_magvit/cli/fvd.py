"""`keras-magvit fvd`: how far one set of videos is from another."""

import json

from keras_magvit.cli import networks, options
from keras_magvit.cli.errors import refusals
from keras_magvit.cli.progress import Bars

NAME = "fvd"
SUMMARY = "measure the Frechet video distance of two sets of videos"
EXAMPLES = """\
REAL and FAKE are folders of videos at any depth (.mp4 .gif .webp ..., .npz or .npy of
one clip, folders of frames), or array files of many: .npz .npy .h5, (N, T, H, W, 3),
uint8 or float in [0, 1]. The distance depends on the number of videos, the number of
frames, the size, the resize and the weights: all are printed beside it.

examples:
  keras-magvit fvd real/ generated/
  keras-magvit fvd real.npz fake.npz --num-frames 16 --num-videos 2048 --json
  keras-magvit fvd real/ fake/ --half-pixel --i3d i3d_torchscript.pt
"""
_OPTIONS = {
    "num_frames": "--num-frames",
    "num_videos": "--num-videos",
    "size": "--size",
    "real": "REAL",
    "fake": "FAKE",
}


def add_arguments(parser):
    """Adds REAL, FAKE, the choice of videos, and the network."""
    parser.add_argument("real", metavar="REAL", help="folder or array file")
    parser.add_argument("fake", metavar="FAKE", help="folder or array file")
    chosen = parser.add_argument_group("what is compared")
    chosen.add_argument(
        "--num-videos",
        type=options.at_least(2),
        metavar="N",
        help="of each set, spread evenly; default: all",
    )
    chosen.add_argument(
        "--num-frames",
        type=options.at_least(9),
        metavar="N",
        help="the first N of each video; default: all, if they are equally many",
    )
    chosen.add_argument(
        "--size",
        type=options.at_least(1),
        nargs=2,
        metavar=("H", "W"),
        help="resize and centre-crop frames first; default: as they are",
    )
    chosen.add_argument(
        "--skip-unreadable",
        action="store_true",
        help="leave out videos that cannot be read or are too short",
    )
    networks.add_i3d(parser)
    parser.add_argument(
        "--batch-size", type=options.at_least(1), default=8, metavar="N"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments, console):
    """Prints the distance with its protocol."""
    from keras_magvit.evaluation import compare_videos
    from keras_magvit.evaluation.comparison import open_videos

    with refusals(_OPTIONS):
        # Before the network is built.
        real, fake = map(open_videos, (arguments.real, arguments.fake))
    i3d = networks.i3d(arguments)
    with refusals(_OPTIONS), Bars(console) as bars:
        found = compare_videos(
            real,
            fake,
            i3d,
            num_videos=arguments.num_videos,
            num_frames=arguments.num_frames,
            size=arguments.size and tuple(arguments.size),
            batch_size=arguments.batch_size,
            skip_unreadable=arguments.skip_unreadable,
            progress=bars,
        )
    for name, skipped in found.skipped.items():
        count = sum(map(len, skipped.values()))
        if count:
            console.note(f"{count} videos of {name} were left out: unreadable or short")
    if arguments.json:
        console.say(json.dumps(found.as_dict(), indent=2))
        return
    console.say(str(found.fvd))
    console.say(f"compared: {found.clips}")
    if found.real_half_against_half is not None:
        half = found.fvd.num_real // 2
        console.say(
            f"floor: {found.real_half_against_half:.2f}, every second real video against "
            f"the others ({half} against {found.fvd.num_real - half})"
        )
