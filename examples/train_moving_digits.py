"""Trains the model that ships: both stages, from the recipe files beside this one.

    python examples/train_moving_digits.py runs/digits             # about 20 minutes
    python examples/train_moving_digits.py runs/digits --install   # then ship it

Words after `--tokenizer` and `--transformer` go to the two commands, `--steps 4000` for
example. A run that was stopped goes on when this is called again.
"""

import argparse
import os
import shlex
import subprocess
import sys

import numpy as np

RECIPES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recipes")
NAME = "moving_digits_mt10_micro"


def train(stage, run_dir, *words):
    """One stage, as the command line runs it."""
    recipe = os.path.join(RECIPES, f"moving_digits_{stage}.yaml")
    command = [sys.executable, "-m", "keras_magvit", f"train-{stage}", recipe]
    command += ["--run-dir", run_dir, "--dtype", "mixed_bfloat16", "--resume", *words]
    print(shlex.join(command), flush=True)
    subprocess.run(command, check=True)


def install(run_dir):
    """Puts the result into the package, in half the room, and measures it there."""
    import keras_magvit as km
    from keras_magvit import presets

    place = os.path.join(os.path.dirname(presets.__file__), "weights", NAME)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    km.MAGVIT.from_preset(f"{run_dir}/transformer/preset").save_to_preset(
        place, half=True
    )
    model = km.MAGVIT.from_preset(NAME)
    source = km.data.MovingDigits(100, num_frames=8, size=(32, 32), split="test")
    clips = np.stack([source.frames(i, range(8)) for i in range(100)]) / 255.0
    made = np.array(model.tokenizer.decode(model.tokenizer.encode(clips)))
    error = np.mean((clips - np.clip(made, 0, 1)) ** 2, axis=(1, 2, 3, 4))
    psnr = np.mean(-10 * np.log10(error))
    print(f"reconstruction of 100 held-out clips: PSNR {psnr:.2f} dB")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run_dir")
    parser.add_argument("--tokenizer", default="", help="more words of train-tokenizer")
    parser.add_argument("--transformer", default="", help="... of train-transformer")
    parser.add_argument("--install", action="store_true", help="only ship a result")
    arguments = parser.parse_args()
    tokenizer, transformer = (
        os.path.join(arguments.run_dir, stage) for stage in ("tokenizer", "transformer")
    )
    if not arguments.install:
        train("tokenizer", tokenizer, *shlex.split(arguments.tokenizer))
        words = ("--tokenizer", f"{tokenizer}/preset")
        train("transformer", transformer, *words, *shlex.split(arguments.transformer))
    else:
        install(arguments.run_dir)


if __name__ == "__main__":
    main()
