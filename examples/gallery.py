"""Galleries: every task of a preset, and the preset beside the rivals that were trained.

    python examples/gallery.py --out gallery
    python examples/gallery.py --out gallery --rivals rivals    # of compare_conditionings.py

Writes tasks.gif and tasks.png (what is given, what is made, what really happened, as
Figure 6 of the paper), and rivals.gif and rivals.png (the same clips by every model, as
Figure 4). Rivals are the presets in the folders CONDITIONING_SEED of `--rivals`; without
any, the preset stands alone. Nothing is chosen: first clips, one seed.
"""

import argparse
from pathlib import Path

from demo import choose_preset
from held_out import given_part, held_out_clips, sampling_of
from moving_pictures import moving_sheet, save_animation

import keras_magvit as km
from keras_magvit.io import contact_sheet
from keras_magvit.presets.folder import is_preset
from keras_magvit.presets.table import SHORT_NAMES

RIVALS_TASK = "frame_prediction"  # what compare_conditionings.py trains
NUM_CLIPS = 3  # of the rivals' gallery


def draw_tasks(model, out):
    """Every task of the model on a clip of its own."""
    clips, labels, class_names = held_out_clips(model)
    rows, heads = {"real": [], "given": [], "made": []}, []
    sheet = {}
    for number, name in enumerate(model.tasks):
        task, clip = km.tasks.get(name), clips[number % len(clips)][None]
        label = labels[number % len(clips)] if task.uses_class else None
        sampling = sampling_of(task)
        made = model.generate(name, clip, labels=label, seed=1, **sampling)
        parts = {"real": clip, "given": given_part(model, task, clip), "made": made}
        short = SHORT_NAMES[name]
        heads.append(short if label is None else f"{short}: {class_names[label]}")
        for part, videos in parts.items():
            rows[part].append(videos[0])
            sheet[f"{heads[-1]}, {part}"] = videos[0]
    write(rows, heads, sheet, out / "tasks")


def find_rivals(folder):
    """Name -> folder of each preset that was trained, in the order of the names."""
    found = sorted(Path(folder).glob("*_*/preset"))
    return {path.parent.name: path for path in found if is_preset(path)}


def draw_rivals(model, rivals, out):
    """The same clips by every model that knows the task."""
    clips = held_out_clips(model)[0][:NUM_CLIPS]
    task = km.tasks.get(RIVALS_TASK)
    rows = {"real": clips, "given": given_part(model, task, clips)}
    rows["preset"] = model.generate(RIVALS_TASK, clips, seed=1)
    for name, folder in rivals.items():
        rival = km.MAGVIT.from_preset(folder)
        if rival.video_shape != model.video_shape or RIVALS_TASK not in rival.tasks:
            print(f"left out {name}: clips of {rival.video_shape}, {rival.tasks}")
            continue
        label = name.replace("_", ", seed ")
        rows[label] = rival.generate(RIVALS_TASK, clips, seed=1)
    sheet = {label: videos[0] for label, videos in rows.items()}
    write({label: list(v) for label, v in rows.items()}, None, sheet, out / "rivals")


def write(rows, heads, sheet, path):
    """The rows in motion, and frames of the sheet side by side."""
    gif, png = path.with_suffix(".gif"), path.with_suffix(".png")
    save_animation(moving_sheet(rows, heads), gif, "GIF", frame_rate=6)
    contact_sheet(sheet, path=png, scale=1, overwrite=True)
    print(f"wrote {gif} and {png}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", required=True, help="folder; its pictures are replaced"
    )
    parser.add_argument("--preset", help="a name or a folder; default: what ships")
    parser.add_argument("--rivals", help="folder of compare_conditionings.py")
    arguments = parser.parse_args()
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    model = km.MAGVIT.from_preset(arguments.preset or choose_preset())
    rivals = find_rivals(arguments.rivals) if arguments.rivals else {}
    if not rivals:
        print("no rivals: the preset alone")
    draw_tasks(model, out)
    draw_rivals(model, rivals, out)


if __name__ == "__main__":
    main()
