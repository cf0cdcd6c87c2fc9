"""How far the backends agree on a preset: ids, each decoding step, videos.

    python -m benchmarks.backend_agreement PRESET --video examples/clips/simulated_pushing.npz

Each backend is a process of its own, in float32. The first one decodes with noise that
numpy draws; every backend then takes each of its steps from the same state with the same
noise, and turns the same ids into pixels. Prints a table, and ends with an error if the
ids of clips agree on less than 99.9%, a step draws another token where it had to, or
pixels differ by more than 0.001.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

BACKENDS = ("tensorflow", "jax", "torch")
TASKS = ("frame_prediction", "class_generation")


class StepNoise:
    """Gumbel noise by step, a function of its arguments on every machine."""

    def __init__(self, shape, *seed):
        self.shape, self.seed = shape, seed

    def __getitem__(self, step):
        generator = np.random.default_rng([*self.seed, step])
        return generator.gumbel(size=self.shape).astype("float32")


def noise_of(model, task, count):
    """`(categorical, mask)` noise of a task's decode."""
    grid, place = (count, *model.latent_shape), TASKS.index(task)
    codes = (*grid, model.vocabulary.codebook_size)
    return StepNoise(codes, 0, place), StepNoise(grid, 1, place)


def decode(model, task, video, labels):
    """What each step is fed and what it must draw, by the first backend."""
    import keras

    steps = []
    uses_class = task == "class_generation"
    model.generate(
        task,
        None if uses_class else video,
        labels=labels if uses_class else None,
        noise=noise_of(model, task, len(video)),
        callback=steps.append,
    )
    states = [keras.ops.convert_to_numpy(step.in_tokens) for step in steps]
    unknown = [keras.ops.convert_to_numpy(step.unknown) for step in steps]
    return np.stack(states), np.stack(unknown)


def draw(model, task, states, labels):
    """What this backend draws in each of those states."""
    import keras

    import keras_magvit as km

    count = states.shape[1]
    labels = labels if task == "class_generation" else None
    prefix = model.sequence.prompt(km.tasks.get(task), labels, count)
    prefix = keras.ops.convert_to_tensor(prefix)
    settings = model.sampling
    knobs = settings.sampling_temperature, settings.top_k, settings.top_p
    drawn = []
    for step, state in enumerate(states):
        logits = model.grid_logits(prefix, keras.ops.convert_to_tensor(state))
        gumbel = noise_of(model, task, count)[0][step]
        ids = km.ops.sampling.sample(logits, gumbel, *knobs)
        drawn.append(keras.ops.convert_to_numpy(ids))
    return np.stack(drawn)


def work(preset, video, labels, folder):
    """One backend's part; the first one to come lays down the states."""
    import keras

    import keras_magvit as km

    model = km.MAGVIT.from_preset(preset, dtype="float32")
    result = {"ids": keras.ops.convert_to_numpy(model.tokenizer.encode(video))}
    shared = os.path.join(folder, "states.npz")
    if not os.path.exists(shared):
        states = {"ids": result["ids"]}
        for task in TASKS:
            found = decode(model, task, video, labels)
            states[f"{task}/states"], states[f"{task}/unknown"] = found
        np.savez(shared, **states)
    with np.load(shared) as file:
        states = dict(file)
    decoded = model.tokenizer.decode(states["ids"])
    result["video"] = np.clip(keras.ops.convert_to_numpy(decoded), 0, 1)
    for task in TASKS:
        result[task] = draw(model, task, states[f"{task}/states"], labels)
    np.savez(os.path.join(folder, f"{keras.config.backend()}.npz"), **result)


def compare(folder):
    """Prints the table; whether all is as it must be."""
    with np.load(os.path.join(folder, "states.npz")) as file:
        states = dict(file)
    results = {}
    for backend in BACKENDS:
        with np.load(os.path.join(folder, f"{backend}.npz")) as file:
            results[backend] = dict(file)
    first, good = results[BACKENDS[0]], True
    steps = [f"steps of {task}" for task in TASKS]
    print(f"| {BACKENDS[0]} and | ids equal | {' | '.join(steps)} | pixels differ |")
    print("|---" * (3 + len(TASKS)) + "|")
    for backend in BACKENDS[1:]:
        other = results[backend]
        equal = np.mean(first["ids"] == other["ids"])
        pixels = np.abs(first["video"] - other["video"]).max()
        cells = []
        for task in TASKS:
            unknown = states[f"{task}/unknown"]
            same = (first[task] == other[task])[unknown]
            good &= bool(same.all())
            cells.append(f"{same.sum():,} of {same.size:,} tokens equal")
        good &= bool(equal >= 0.999 and pixels <= 1e-3)
        print(f"| {backend} | {equal:.4%} | {' | '.join(cells)} | {pixels:.1e} |")
    return good


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("preset", help="a MAGVIT of frame prediction and of classes")
    parser.add_argument("--video", required=True, help=".npz with `video` and `label`")
    parser.add_argument("--num-clips", type=int, default=4)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        with np.load(arguments.video) as file:
            video = file["video"][: arguments.num_clips]
            labels = file["label"][: arguments.num_clips].astype("int32")
        work(arguments.preset, video, labels, arguments.worker)
        return
    with tempfile.TemporaryDirectory() as folder:
        for backend in BACKENDS:
            command = [sys.executable, "-m", "benchmarks.backend_agreement"]
            subprocess.run(
                [*command, *sys.argv[1:], "--worker", folder],
                env={**os.environ, "KERAS_BACKEND": backend},
                check=True,
            )
        if not compare(folder):
            raise SystemExit("The backends do not agree.")


if __name__ == "__main__":
    main()
