"""The ten tasks with a model that ships, on held-out clips.

`make demo` installs what this needs and runs it. It writes pictures and a page that
shows them, `out/index.html`, and replaces those of an earlier run. Without arguments it
takes the best model that ships; `--preset` takes any other of ten tasks.
"""

import argparse
import base64
import html
import os

import numpy as np
from held_out import given_part, held_out_clips, pushing_clips, sampling_of
from keras import ops

import keras_magvit as km
from keras_magvit.data.simulation.motions import MOTIONS
from keras_magvit.io import contact_sheet, decoding_strip, write_video

PRESETS = ("simulated_pushing_mt10", "moving_digits_mt10_micro")  # the best in front
LATENT_SHAPE = (4, 16, 16)  # of these clips
SIDE, FRAMES = 96, 5  # of the large sheet: pixels of a frame, frames of a clip
HEADS, TITLE = 31, 38  # pixels above a block: its numbers, and what takes their place
ENLARGED = 128  # pixels of a frame of the animations, about
SHORT_NAMES = ("FP", "FI", "OPC", "OPV", "OPH", "OPD", "IPC", "IPD", "CG", "CFP")

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


def choose_preset():
    """The best model that ships."""
    shipped = [row["name"] for row in km.presets(verbose=False) if row["weights"]]
    return next(name for name in PRESETS if name in shipped)


def honest_words(model):
    """What to expect of so small a model."""
    count = (model.count_params() + model.tokenizer.count_params()) / 1e6
    learned = "drawn digits"
    if model.num_classes == len(MOTIONS):
        learned = "a simulated robot arm that pushes things"
    return (
        f"The model of this demo is small: {count:.1f} million weights, trained on two "
        f"CPU cores, and knows {learned} alone. It shows what each task does, not how "
        "good MAGVIT gets. Nothing is chosen: first clips, one seed."
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


def run_tasks(model, clips, labels, class_names):
    """For every task a clip: `(title, clip, given, made)` each."""
    results = []
    for i, short in enumerate(SHORT_NAMES):
        clip, task = clips[i][None], km.tasks.get(short)
        label = labels[i : i + 1] if task.uses_class else None
        sampling = sampling_of(task)
        made = model.generate(short, clip, labels=label, seed=1, **sampling)[0]
        print(f"\r  task {i + 1}/{len(SHORT_NAMES)}", end="", flush=True)
        given = given_part(model, task, clip)[0]
        title = f"{task.name.replace('_', ' ').capitalize()} ({short})"
        if task.uses_class:
            title = f"{title}: {class_names[labels[i]]}"
        made = np.rint(made * 255).astype("uint8")
        results.append((title, clip[0], given, made))
    print()
    return results


def draw_sheet(results, path):
    """All tasks on one sheet: what is given, what is made, what really happened."""
    from PIL import Image, ImageDraw, ImageFont

    blocks = []
    for title, clip, given, made in results:
        rows = {"real": clip, "given": given, "made": made}
        chosen = np.linspace(0, len(clip) - 1, FRAMES).round().astype(int)
        rows = {name: enlarge(row[chosen], SIDE) for name, row in rows.items()}
        picture = contact_sheet(rows, columns=FRAMES, scale=1)
        # A title in the place of the frames' numbers.
        body = picture.crop((0, HEADS, picture.width, picture.height))
        block = Image.new("RGB", (body.width, body.height + TITLE), "white")
        block.paste(body, (0, TITLE))
        pen = ImageDraw.Draw(block)
        font = ImageFont.load_default(19)
        pen.text((12, 8), title, "#1a1a1a", font=font)
        blocks.append(block)
    width, height = blocks[0].size
    half = -(-len(blocks) // 2)
    sheet = Image.new("RGB", (2 * width, half * height), "white")
    for i, block in enumerate(blocks):
        sheet.paste(block, (i // half * width, i % half * height))
    sheet.save(path)


def enlarge(clip, side):
    """Frames of about `side` pixels, smoothly: uint8 `(T, H, W, 3)`."""
    from PIL import Image

    height, width = (round(n * side / max(clip.shape[1:3])) for n in clip.shape[1:3])
    frames = [Image.fromarray(frame) for frame in clip]
    large = [frame.resize((width, height), Image.LANCZOS) for frame in frames]
    return np.stack([np.asarray(frame) for frame in large])


def animate_tasks(results, path):
    """Ten columns: what is given, what is made, what really happened."""
    columns = []
    for _, clip, given, made in results:
        parts = [enlarge(part, ENLARGED) for part in (clip, given, made)]
        columns.append(np.concatenate(parts, axis=1))
    lines = [np.concatenate(columns[i : i + 5], axis=2) for i in (0, 5)]
    write_video(path, np.concatenate(lines, axis=1), frame_rate=6, overwrite=True)


def generate_classes(model, out):
    """A clip of each class from nothing but the class, and every step of the first."""
    steps, labels = [], list(range(model.num_classes))
    sampling = sampling_of(km.tasks.get("CG"))
    videos = model.generate(
        "CG", labels=labels, seed=2, callback=steps.append, **sampling
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
    half = -(-len(videos) // 2)
    large = [enlarge(np.rint(v * 255).astype("uint8"), ENLARGED) for v in videos]
    lines = [np.concatenate(large[i : i + half], axis=2) for i in (0, half)]
    write_video(
        f"{out}/classes.gif",
        np.concatenate(lines, axis=1),
        frame_rate=6,
        overwrite=True,
    )


def write_page(figures, warning, out):
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
    page = PAGE.format(warning=html.escape(warning), figures="\n".join(parts))
    with open(os.path.join(out, "index.html"), "w", encoding="utf-8") as file:
        file.write(page)


def captions(model, class_names):
    """File name -> what it shows."""
    cells = " x ".join(map(str, model.tokenizer.strides))
    steps = model.sampling.num_steps
    return {
        "tasks.png": "The ten tasks, one model. For each: a clip that it has not seen, "
        "what the task gives of it (the rest grey), and what the model makes of that. "
        "Class generation is given a class alone.",
        "tasks.gif": "The same in motion: real, given, made.",
        "classes.gif": "From nothing but their classes: "
        + ", ".join(class_names)
        + ".",
        "decoding_steps.png": f"{class_names[0].capitalize()}, from its class: each of "
        f"the {steps} steps decides more tokens; those still undecided are tinted.",
        "round_trip.png": f"A token round trip. A token stands for {cells} frames and "
        f"pixels; each of the {model.tokenizer.codebook_size} ids has a colour.",
        "conditions.png": "What each of the ten tasks gives a model: a clip with the "
        "missing pixels padded, and beside it the mask, light where pixels are given. "
        "Class tasks are given a label too.",
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", help="a name or a folder; default: what ships")
    parser.add_argument("--out", default="out", help="folder for the results")
    arguments = parser.parse_args()
    preset, out = arguments.preset or choose_preset(), arguments.out
    model = km.MAGVIT.from_preset(preset)
    warning = honest_words(model)
    print(warning, flush=True)
    os.makedirs(out, exist_ok=True)
    clips, labels, class_names = held_out_clips(model)

    print("1/4 the conditions of ten tasks", flush=True)
    draw_conditions(pushing_clips()[0][2], LATENT_SHAPE, f"{out}/conditions.png")
    print(f"2/4 the preset {preset}: a token round trip", flush=True)
    draw_round_trip(model.tokenizer, clips[2:6], f"{out}/round_trip.png")
    print("3/4 ten tasks on clips that it has not seen", flush=True)
    results = run_tasks(model, clips, labels, class_names)
    draw_sheet(results, f"{out}/tasks.png")
    animate_tasks(results, f"{out}/tasks.gif")
    steps = model.sampling.num_steps
    print(f"4/4 {model.num_classes} clips from their classes, in {steps} steps")
    generate_classes(model, out)

    figures = captions(model, class_names)
    write_page(figures, warning, out)
    for name in [*figures, "index.html"]:
        print(f"wrote {os.path.join(out, name)}")


if __name__ == "__main__":
    main()
