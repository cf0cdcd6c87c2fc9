"""`keras-magvit detokenize`: ids back to a video."""

from keras_magvit.cli import loading, options, outputs, tokens
from keras_magvit.cli.errors import CommandError, refusals

NAME = "detokenize"
SUMMARY = "turn token ids back into a video"
EXAMPLES = """\
PRESET is the one that made the tokens: nothing is loaded because a token file names it.

examples:
  keras-magvit detokenize k600_fp tokens.npz --out clip.mp4
  keras-magvit detokenize my_model/ tokens.npz --out frames/ --overwrite
"""


def add_arguments(parser):
    """Adds PRESET, TOKENS and --out."""
    options.add_preset(parser)
    parser.add_argument("tokens", metavar="TOKENS", help=".npz file of `tokenize`")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".mp4 .gif .webp .npz or a folder"
    )


def run(arguments, console):
    """Writes the video of a token file."""
    from keras_magvit.io import write_video

    outputs.check(
        [(arguments.out, outputs.VIDEO)], arguments.overwrite, [arguments.tokens]
    )
    given = tokens.read(arguments.tokens)
    tokenizer = loading.tokenizer(arguments, console)
    wanted = (tokenizer.video_shape, tokenizer.codebook_size, tokenizer.latent_shape)
    found = (given.video_shape, given.codebook_size, given.ids.shape[1:])
    if found != wanted:
        raise CommandError(
            f"{arguments.tokens!r}: made by another tokenizer, {given.preset!r}: video "
            "shape, codebook size and latent shape are {}, {}, {}; the preset's are "
            "{}, {}, {}".format(*found, *wanted)
        )
    if given.preset != arguments.preset:
        console.note(f"the tokens were made by the preset {given.preset!r}")
    frames = decode(tokenizer, given.ids, given.num_frames, console)
    outputs.write_all(
        [(arguments.out, lambda path: write_video(path, frames, given.frame_rate))]
    )
    console.wrote(arguments.out)


def decode(tokenizer, ids, num_frames, console):
    """The video of every window of ids, as one.

    Returns:
        float32 numpy `(num_frames, H, W, 3)` in [0, 1].
    """
    import numpy as np
    from keras import ops

    made: list[np.ndarray] = []
    for window in ids:
        console.progress("decode", len(made), len(ids))
        with refusals():
            video = tokenizer.decode(window[None])
        made.append(ops.convert_to_numpy(ops.clip(video, 0.0, 1.0))[0])
    console.progress("decode", len(ids), len(ids))
    return np.concatenate(made)[:num_frames]
