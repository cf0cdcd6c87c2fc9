"""What leaving Keras costs and gives: an ONNX export against Keras, and int8 against both.

    keras-magvit export --preset moving_digits_mt10_micro --to onnx --int8 --out digits/
    python -m benchmarks.export moving_digits_mt10_micro digits/ clips.npy

Run it once a backend (KERAS_BACKEND), on a quiet machine. The clips, uint8
`(n, T, H, W, 3)`, are the truth that generated videos are compared with.
"""

import argparse
import os
import time

import keras
import numpy as np

import keras_magvit as km
from keras_magvit.export import checking
from keras_magvit.export.functions import functions_of
from keras_magvit.export.onnx_files import Runner

GRAPHS = ("encoder", "decoder", "transformer", "decode_step", "decode")
WITH_INT8 = ("transformer", "decode_step", "decode")
TASK = "frame_prediction"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset")
    parser.add_argument("folder", help="of `keras-magvit export --to onnx --int8`")
    parser.add_argument("clips", help=".npy")
    parser.add_argument("--times", type=int, default=5, help="the fastest counts")
    options = parser.parse_args()
    model = km.MAGVIT.from_preset(options.preset)
    clips = np.load(options.clips)
    runs = {
        "onnx": Runner(options.folder, {n: f"{n}.onnx" for n in GRAPHS}),
        "onnx int8": Runner(
            options.folder,
            {n: f"{n}{'_int8' * (n in WITH_INT8)}.onnx" for n in GRAPHS},
        ),
    }
    print(f"{keras.config.backend()}, {options.preset}")
    agreement(model, runs)
    quality(model, runs, clips)
    sizes(options.folder)
    speed(model, runs, clips[:1], options.times)
    quantized_by_keras(model, clips, options.times)


def agreement(model, runs):
    functions = functions_of(model)
    for name, run in runs.items():
        for batch in checking.BATCHES:
            figures = checking.compare(model, functions, run, (batch,))
            text = ", ".join(f"{k} {v:.6g}" for k, v in figures.items())
            print(f"{name}, batch {batch}, against Keras: {text}")


def quality(model, runs, clips):
    """PSNR of videos made of the first frame, the same noise for all."""
    made = {name: generated(model, run, clips) for name, run in runs.items()}
    noise = _noise(model, len(clips))
    made["keras"] = model.generate(TASK, clips, noise=tuple(noise.values()))
    for name, video in made.items():
        error = np.mean((video - clips / 255.0) ** 2, axis=(1, 2, 3, 4))
        print(f"{name}: PSNR {np.mean(-10 * np.log10(error)):.3f} dB")


def sizes(folder):
    for name in WITH_INT8:
        whole, small = (
            os.path.getsize(os.path.join(folder, f"{name}{suffix}.onnx"))
            for suffix in ("", "_int8")
        )
        print(f"{name}: {whole / 1e6:.2f} MB, int8 {small / 1e6:.2f} MB")


def speed(model, runs, clip, times):
    for name, run in runs.items():
        seconds = fastest(lambda run=run: generated(model, run, clip), times)
        print(f"generate, batch 1: {name} {seconds * 1e3:.1f} ms")
    seconds = fastest(lambda: model.generate(TASK, clip, seed=1), times)
    print(f"generate, batch 1: keras {seconds * 1e3:.1f} ms")


def quantized_by_keras(model, clips, times):
    """`quantize("int8")` of the transformer, in place."""
    ids, noise = [], _noise(model, len(clips))

    def generate():
        ids.clear()
        return model.generate(
            TASK, clips, noise=tuple(noise.values()), callback=ids.append
        )

    generate()
    before = np.asarray(keras.ops.convert_to_numpy(ids[-1].tokens))
    model.transformer.quantize("int8")
    model.decoder = type(model.decoder)(model)  # forget what was compiled
    video = generate()
    after = np.asarray(keras.ops.convert_to_numpy(ids[-1].tokens))
    error = np.mean((video - clips / 255.0) ** 2, axis=(1, 2, 3, 4))
    weights = [v for v in model.transformer.variables if "seed" not in v.path]
    size = sum(np.asarray(keras.ops.convert_to_numpy(v)).nbytes for v in weights)
    seconds = fastest(lambda: model.generate(TASK, clips[:1], seed=1), times)
    print(
        f"keras int8: tokens of the whole decode {np.mean(before == after):.4f}, "
        f"PSNR {np.mean(-10 * np.log10(error)):.3f} dB, "
        f"{size / 1e6:.2f} MB, generate, batch 1: {seconds * 1e3:.1f} ms"
    )


def generated(model, run, clips):
    """Videos of the graphs, as `MAGVIT.generate` makes them with this noise."""
    task = km.tasks.get(TASK)
    video, _, mask = (
        keras.ops.convert_to_numpy(x) for x in task.condition(clips, model.latent_shape)
    )
    batch = len(clips)
    ids = run(
        "decode",
        task=np.full(batch, model.vocabulary.prompt(TASK), "int32"),
        labels=np.full(batch, -1, "int32"),
        cond_ids=run("encoder", video=video)["ids"],
        latent_mask=np.broadcast_to(mask, (batch, *model.latent_shape)).copy(),
        **_noise(model, batch),
        **checking.schedule_inputs(model),
    )["ids"]
    return run("decoder", ids=ids)["video"].clip(0, 1)


def _noise(model, batch):
    rng = np.random.default_rng(0)
    grid = (model.sampling.num_steps, batch, *model.latent_shape)
    codes = model.vocabulary.codebook_size

    def gumbel(*shape):
        return -np.log(rng.standard_exponential(shape, "float32") + np.float32(1e-30))

    return {"categorical_gumbel": gumbel(*grid, codes), "mask_gumbel": gumbel(*grid)}


def fastest(function, times):
    function()
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
