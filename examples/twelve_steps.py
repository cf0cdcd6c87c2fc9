"""An animation of decoding: what a model has made after each step, and what is open.

    python examples/twelve_steps.py docs/images/twelve_steps.gif

Three tasks side by side on clips that the model has not seen. The clips move on while the
steps go by; cells that are still undecided are tinted. Nothing is chosen: first clips of
`held_out.py`, one seed.
"""

import argparse

import numpy as np
from demo import choose_preset
from held_out import given_part, held_out_clips, sampling_of
from keras import ops
from moving_pictures import moving_sheet, save_animation
from PIL import ImageDraw, ImageFont

import keras_magvit as km
from keras_magvit.io.strips import tinted

TASKS = ("frame_prediction", "central_inpainting", "class_generation")
PER_STEP = 4  # frames that pass while a step is shown


def decode(model, task, clip, label):
    """What is given, and a clip for each step: uint8 `(T, H, W, 3)` each."""
    steps = []
    found = km.tasks.get(task)
    labels, sampling = label if found.uses_class else None, sampling_of(found)
    model.generate(
        task, clip[None], labels=labels, seed=1, callback=steps.append, **sampling
    )
    made = []
    for step in steps:
        video = ops.convert_to_numpy(model.tokenizer.decode(step.tokens))[0]
        frames = np.rint(np.clip(video, 0, 1) * 255).astype("uint8")
        # The last step's tokens are the result, whatever would be masked again.
        open_cells = ops.convert_to_numpy(step.next_unknown)[0]
        made.append(tinted(frames, open_cells & (step.step + 1 < step.num_steps)))
    return given_part(model, found, clip[None])[0], made


def in_turn(clips, per_step):
    """One clip of all steps: frames pass by while the steps go on, then the whole clip."""
    frames = [
        clip[(number * per_step + i) % len(clip)]
        for number, clip in enumerate(clips)
        for i in range(per_step)
    ]
    return np.stack([*frames, *clips[-1], *clips[-1]])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", help="a .gif file; one that is there is replaced")
    parser.add_argument("--preset", help="a name or a folder; default: what ships")
    parser.add_argument("--scale", type=int, help="default: frames of about 128 pixels")
    arguments = parser.parse_args()

    model = km.MAGVIT.from_preset(arguments.preset or choose_preset())
    clips, labels, class_names = held_out_clips(model)
    given, made, heads = [], [], []
    for number, task in enumerate(TASKS):
        shown, steps = decode(model, task, clips[number], labels[number])
        given.append(in_turn([shown] * len(steps), PER_STEP))
        made.append(in_turn(steps, PER_STEP))
        heads.append(task.replace("_", " "))
    heads[-1] = f"class: {class_names[labels[len(TASKS) - 1]]}"
    pictures = moving_sheet({"given": given, "made": made}, heads, arguments.scale)
    font = ImageFont.load_default(13)
    for index, picture in enumerate(pictures):
        step = min(index // PER_STEP + 1, len(steps))
        text = f"{step}/{len(steps)}"
        ImageDraw.Draw(picture).text((12, 10), text, "#1a1a1a", font=font)
    save_animation(pictures, arguments.out, "GIF", frame_rate=8)
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
