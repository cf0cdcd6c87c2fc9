"""Writes the model card of a preset that two runs made, with the runs' curves.

    python examples/write_card.py my_model/ --tokenizer-run runs/tokenizer \\
        --transformer-run runs/model --report report/ --machine "2 cores, AVX-512 BF16"

All words are those of `keras-magvit presets card`, which does the rest: the curves of the
runs that are named become its pictures. A card that is there is replaced.
"""

import argparse
import os
import sys
import tempfile

from plot_training import plot

from keras_magvit.cli.main import main as keras_magvit

STAGES = ("tokenizer", "transformer")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("preset")
    for stage in STAGES:
        parser.add_argument(f"--{stage}-run")
    arguments, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        for stage in STAGES:
            run_dir = getattr(arguments, f"{stage}_run")
            if run_dir:
                picture = os.path.join(folder, f"curves_{stage}.png")
                plot(run_dir, picture)
                words += [f"--{stage}-run", run_dir, "--picture", picture]
        command = ["presets", "card", arguments.preset, *words, "--overwrite"]
        sys.exit(keras_magvit(command))


if __name__ == "__main__":
    main()
