"""COMMIT against its rivals: the same budget, the same tokens, the same held-out clips.

    keras-magvit data tokenize TOKENIZER simulated_pushing --out tokens \\
        --clip-option training=false --clip-option windows_per_video=first
    python examples/compare_conditionings.py TOKENIZER --token-cache tokens --out rivals

Trains a small transformer on frame prediction with each way to condition and each seed,
from `recipes/simulated_pushing_fp.yaml`, measures the Fréchet video distance of each on
the held-out clips, and writes rivals.md and rivals.csv. Equal budgets are equal numbers
of steps; a prefix makes each step longer, and the table says how much. Called again, it
goes on where it was stopped.
"""

import argparse
import csv
import json
import os
import resource
import shlex
import subprocess
import sys

from keras_magvit.evaluation.saving import write_text
from keras_magvit.evaluation.tables import markdown_table

RECIPE = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "recipes", "simulated_pushing_fp.yaml"
)
CONDITIONINGS = ("commit", "latent", "prefix")


def run(*words):
    """One command of keras-magvit; returns the CPU seconds it took."""
    command = [sys.executable, "-m", "keras_magvit", *map(str, words)]
    print(shlex.join(command), flush=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def train(folder, conditioning, seed, arguments):
    """Trains one transformer, or the rest of it."""
    done = os.path.join(folder, "cpu_seconds.json")
    if os.path.exists(done):
        return
    words = []
    if arguments.steps:
        words = ["--steps", arguments.steps, "--warmup-steps", arguments.steps // 10]
    words += ["--data-dir", arguments.data_dir] if arguments.data_dir else []
    resumed = os.path.isdir(os.path.join(folder, "states"))
    seconds = run(
        *("train-transformer", RECIPE, "--run-dir", folder, "--resume"),
        *("--tokenizer", arguments.tokenizer, "--token-cache", arguments.token_cache),
        *("--dataset", arguments.dataset, "--dtype", arguments.dtype),
        *("--conditioning", conditioning, "--seed", seed, *words),
    )
    # What a run took that was stopped is not known.
    write_text(done, json.dumps(None if resumed else seconds))


def measure(folder, arguments):
    """The scores of frame prediction on the held-out clips."""
    report = os.path.join(folder, "report")
    path = os.path.join(report, "report.json")
    if not os.path.exists(path):
        words = ["--num-videos", arguments.num_videos] if arguments.num_videos else []
        words += ["--data-dir", arguments.data_dir] if arguments.data_dir else []
        run(
            *("evaluate", "--preset", os.path.join(folder, "preset"), "--out", report),
            *("--protocol", "simulated_pushing", "--dataset", arguments.dataset),
            *("--tasks", "FP", "--perceptual", "none", "--no-bias-card"),
            *("--fvd-dtype", arguments.fvd_dtype, "--dtype", arguments.dtype),
            *("--cache", os.path.join(arguments.out, "cache"), *words),
        )
    with open(path, encoding="utf-8") as file:
        (task,) = json.load(file)["tasks"]
    return {name: score["mean"] for name, score in task["scores"].items()}


def write_tables(rows, arguments):
    """The table, as Markdown and as CSV; `rows` is (conditioning, seed) -> scores."""
    values = [
        {"conditioning": conditioning, "seed": seed, **scores}
        for (conditioning, seed), scores in rows.items()
    ]
    path = os.path.join(arguments.out, "rivals.csv")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(values[0]))
        writer.writeheader()
        writer.writerows(values)
    heading = ("conditioning", *(f"FVD, seed {s}" for s in arguments.seeds))
    heading += ("mean", "PSNR of what is predicted", "CPU minutes of a training")
    lines = []
    for conditioning in arguments.conditionings:
        found = [rows[conditioning, seed] for seed in arguments.seeds]
        distances = [scores["fvd"] for scores in found]
        columns = [*distances, _mean(distances)]
        columns.append(_mean([scores["generated_psnr"] for scores in found]))
        seconds = [scores["cpu_seconds"] for scores in found if scores["cpu_seconds"]]
        cells = [f"{value:.1f}" for value in columns]
        cells.append(f"{_mean(seconds) / 60:.1f}" if seconds else "-")
        lines.append((conditioning, *cells))
    padding = values[0]["fvd_of_padding"]
    text = "\n".join(
        [
            *markdown_table(heading, lines),
            "",
            f"The first frame repeated scores an FVD of {padding:.1f}.",
            f"Made by `{shlex.join(['python', *sys.argv])}`.",
        ]
    )
    write_text(os.path.join(arguments.out, "rivals.md"), text + "\n")
    print(text)


def _mean(values):
    return sum(values) / len(values)


def parse():
    """The arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tokenizer", help="preset of the tokenizer")
    parser.add_argument("--token-cache", required=True, help="of its training clips")
    parser.add_argument("--out", required=True, help="folder for runs and tables")
    parser.add_argument(
        "--steps", type=int, help="of each training; default: the recipe's"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--conditionings", nargs="+", default=list(CONDITIONINGS))
    parser.add_argument("--dataset", default="simulated_pushing")
    parser.add_argument("--data-dir", help="where prepared datasets lie")
    parser.add_argument("--num-videos", type=int, help="held-out clips; default all")
    parser.add_argument("--dtype", default="mixed_bfloat16")
    parser.add_argument("--fvd-dtype", default="mixed_bfloat16")
    return parser.parse_args()


def main():
    arguments = parse()
    os.makedirs(arguments.out, exist_ok=True)
    rows = {}
    for seed in arguments.seeds:
        for conditioning in arguments.conditionings:
            folder = os.path.join(arguments.out, f"{conditioning}_{seed}")
            train(folder, conditioning, seed, arguments)
            scores = measure(folder, arguments)
            with open(os.path.join(folder, "cpu_seconds.json")) as file:
                rows[conditioning, seed] = {**scores, "cpu_seconds": json.load(file)}
    write_tables(rows, arguments)


if __name__ == "__main__":
    main()
