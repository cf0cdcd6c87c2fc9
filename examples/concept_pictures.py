"""Draws the pictures of docs/concepts with the model that ships.

    python examples/concept_pictures.py docs/images

Needs `pip install "keras-magvit[video]"` and half a minute.
"""

import sys
from pathlib import Path

import numpy as np
from keras import ops

import keras_magvit as km
from keras_magvit.io import contact_sheet, decoding_strip
from keras_magvit.ops.masking import MASK, commit_mask
from keras_magvit.presets.table import SHORT_NAMES

PRESET = "moving_digits_mt10_micro"
WHITE, BLUE, PINK = (235, 235, 235), (80, 140, 255), (255, 0, 144)
GREY = 128


def held_out_digits(model):
    """A clip of each digit, uint8 `(10, T, H, W, 3)`."""
    frames, *size = model.video_shape
    source = km.data.MovingDigits(10, num_frames=frames, size=size, split="test")
    return np.stack([source.frames(digit, range(frames)) for digit in range(10)])


def enlarged(cells, tokenizer):
    """Colours of cells `(t, h, w, 3)`, each as large as the pixels it stands for."""
    for axis, stride in enumerate(tokenizer.strides):
        cells = cells.repeat(stride, axis=axis)
    return cells.astype("uint8")


def draw_tokens(model, clips, path):
    """Clips, their ids as colours, and what is decoded from the ids."""
    tokenizer = model.tokenizer
    ids = ops.convert_to_numpy(tokenizer.encode(clips))
    decoded = ops.convert_to_numpy(ops.clip(tokenizer.decode(ids), 0.0, 1.0))
    palette = np.random.default_rng(0).integers(40, 256, (tokenizer.codebook_size, 3))
    rows = {}
    for i, clip in enumerate(clips):
        colours = enlarged(palette[ids[i]], tokenizer)
        rows |= {f"clip {i}": clip, f"ids {i}": colours, f"decoded {i}": decoded[i]}
    contact_sheet(rows, path=path, scale=2, overwrite=True)


def draw_tasks(model, clips, path):
    """For every task: what is given, grey elsewhere, and what is made of it."""
    rows = {}
    for digit, name in enumerate(model.tasks):
        task, clip = km.tasks.get(name), clips[digit % 10][None]
        label = digit % 10 if task.uses_class else None
        condition = task.condition(clip, model.latent_shape)
        given = ops.convert_to_numpy(condition.video_mask)[0]
        rows[f"{name}: given"] = np.where(given, clip[0], np.uint8(GREY))
        rows[f"{SHORT_NAMES[name]}: made"] = model.generate(name, clip, label, seed=1)[
            0
        ]
    contact_sheet(rows, path=path, scale=2, overwrite=True)


def draw_commit(model, clip, path):
    """A clip, a condition, and the three kinds of cell of a masked grid."""
    tokenizer = model.tokenizer
    condition = km.tasks.get("OPC").condition(clip[None], model.latent_shape)
    ids, cond_ids = (tokenizer.encode(video) for video in (clip[None], condition.video))
    score = np.random.default_rng(0).random(ids.shape, "float32")
    inputs = commit_mask(ids, cond_ids, condition.latent_mask, score, 0.7)[0]
    inputs = ops.convert_to_numpy(inputs)[0]
    kept = score[0] > np.sort(score.ravel())[int(0.7 * score.size) - 1]
    kinds = np.where(inputs == MASK, 2, np.where(kept, 0, 1))
    colours = enlarged(np.array([WHITE, BLUE, PINK])[kinds], tokenizer)
    padded = ops.convert_to_numpy(condition.video)[0]
    rows = {"clip": clip, "condition": padded, "grid": colours}
    contact_sheet(rows, path=path, overwrite=True)


def draw_decoding(model, path):
    """Every step of a class, undecided cells tinted."""
    steps = []
    model.generate("class_generation", labels=0, seed=2, callback=steps.append)
    decode = model.tokenizer.decode
    videos = [ops.clip(decode(step.sampled_tokens), 0.0, 1.0) for step in steps]
    videos = [ops.convert_to_numpy(video)[0] for video in videos]
    masks = [ops.convert_to_numpy(step.next_unknown)[0] for step in steps]
    decoding_strip(videos, masks, path=path, rows=len(steps), scale=2, overwrite=True)


def main(folder):
    model = km.MAGVIT.from_preset(PRESET)
    clips = held_out_digits(model)
    draw_tokens(model, clips[2:5], folder / "concept_tokens.png")
    draw_tasks(model, clips, folder / "concept_tasks.png")
    draw_commit(model, clips[3], folder / "concept_commit.png")
    draw_decoding(model, folder / "concept_decoding.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
