"""`keras-magvit tokenize`: a video to ids."""

from keras_magvit.cli import clips, loading, options, outputs, tokens

NAME = "tokenize"
SUMMARY = "turn a video into token ids"
EXAMPLES = """\
A video is cut into windows of the preset's length, each tokenized on its own. The last
window is filled up with the last frame; `detokenize` cuts the filling off again. A video
shorter than one window is refused.

examples:
  keras-magvit tokenize k600_fp clip.mp4 --out tokens.npz
  keras-magvit tokenize my_model/ clip.webm --out tokens.npz --stride 2 --backend jax
"""


def add_arguments(parser):
    """Adds PRESET, VIDEO, --out and the choice of frames."""
    options.add_preset(parser)
    parser.add_argument("video", metavar="VIDEO", help="a video file or frame folder")
    parser.add_argument("--out", required=True, metavar="NPZ", help="where to")
    options.add_clip_choice(parser)


def run(arguments, console):
    """Writes the ids of a video."""
    outputs.check(
        [(arguments.out, outputs.TOKENS)], arguments.overwrite, [arguments.video]
    )
    clips.probe(arguments.video)
    tokenizer = loading.tokenizer(arguments, console)
    clip = clips.read(arguments, tokenizer.video_shape, console, limit=False)
    made = tokens.Tokens(
        ids=encode(tokenizer, clip, console),
        num_frames=clip.num_frames,
        frame_rate=clip.frame_rate,
        video_shape=tokenizer.video_shape,
        codebook_size=tokenizer.codebook_size,
        preset=arguments.preset,
    )
    outputs.write_all([(arguments.out, lambda path: tokens.write(path, made))])
    console.wrote(arguments.out)


def encode(tokenizer, clip, console):
    """Ids of every window of a clip.

    Returns:
        int32 numpy `(windows, t, h, w)`.
    """
    import numpy as np
    from keras import ops

    cut = clips.windows(clip.frames, tokenizer.video_shape[0])
    ids: list[np.ndarray] = []
    for window in cut:
        console.progress("encode", len(ids), len(cut))
        ids.append(ops.convert_to_numpy(tokenizer.encode(window[None]))[0])
    console.progress("encode", len(cut), len(cut))
    return np.stack(ids).astype("int32")
