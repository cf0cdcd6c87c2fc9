"""`keras-magvit reconstruct`: a video through the tokenizer and back."""

from keras_magvit.cli import clips, loading, options, outputs
from keras_magvit.cli.detokenize import decode
from keras_magvit.cli.tokenize import encode

NAME = "reconstruct"
SUMMARY = "pass a video through the tokenizer and back, and print the PSNR"
EXAMPLES = """\
The PSNR compares the result with the video at the preset's size, before the output is
compressed. A video is cut into windows of the preset's length; the last window is filled
up with the last frame, and the filling cut off again. A video shorter than one window is
refused.

examples:
  keras-magvit reconstruct k600_fp clip.mp4 --out again.mp4
  keras-magvit reconstruct my_model/ clip.gif --out again.gif --sheet again.png
"""


def add_arguments(parser):
    """Adds PRESET, VIDEO, --out, --sheet and the choice of frames."""
    options.add_preset(parser)
    parser.add_argument("video", metavar="VIDEO", help="a video file or frame folder")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help=".mp4 .gif .webp .npz or a folder"
    )
    parser.add_argument(
        "--sheet", metavar="PNG", help="picture with the rows input, reconstruction"
    )
    options.add_clip_choice(parser)


def run(arguments, console):
    """Writes the reconstruction of a video and prints its PSNR."""
    from keras_magvit.io import contact_sheet, write_video

    outputs.check(
        [(arguments.out, outputs.VIDEO), (arguments.sheet, outputs.PICTURE)],
        arguments.overwrite,
        [arguments.video],
    )
    clips.probe(arguments.video)
    tokenizer = loading.tokenizer(arguments, console)
    clip = clips.read(arguments, tokenizer.video_shape, console, limit=False)
    ids = encode(tokenizer, clip, console)
    made = decode(tokenizer, ids, clip.num_frames, console)
    jobs = [(arguments.out, lambda path: write_video(path, made, clip.frame_rate))]
    if arguments.sheet:
        rows = {"input": clip, "reconstruction": made}
        jobs.append((arguments.sheet, lambda path: contact_sheet(rows, path=path)))
    outputs.write_all(jobs)
    console.say(f"PSNR {psnr(clip.frames, made):.2f} dB over {clip.num_frames} frames")
    for path, _ in jobs:
        console.wrote(path)


def psnr(frames, made):
    """Peak signal-to-noise ratio in dB of uint8 frames and a float video in [0, 1]."""
    import numpy as np

    error = np.mean((frames / 255.0 - made) ** 2)
    return float("inf") if error == 0 else float(-10 * np.log10(error))
