"""What an export is measured by; `benchmarks.export` runs each part in a process of its own.

agreement     files and Keras' int8 against Keras: ids, pixels, logits, tokens
videos        frame prediction of real clips by one maker, the same noise for all
quality       tokens, PSNR and FVD of those videos
speed         one video, batch 1: files and Keras in turns
"""

import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

import keras_magvit as km
from keras_magvit import metrics
from keras_magvit.export import checking
from keras_magvit.export.functions import functions_of
from keras_magvit.export.onnx_files import Runner
from keras_magvit.networks.i3d import MIN_FRAMES

GRAPHS = ("encoder", "decoder", "transformer", "decode_step", "decode")
WITH_INT8 = ("transformer", "decode_step", "decode")
TASK = "frame_prediction"
BATCH = 4


# === Makers ==========================================================================


def files(folder, int8=False):
    """The files of an export, run by onnxruntime; with `int8`, those where they exist."""
    names = {n: f"{n}_int8" if int8 and n in WITH_INT8 else n for n in GRAPHS}
    return Runner(folder, {name: f"{file}.onnx" for name, file in names.items()})


def quantized(preset):
    """The model of a preset after `quantize("int8")` of its transformer."""
    model = km.MAGVIT.from_preset(preset)
    model.transformer.quantize("int8")
    return model


class KerasFunctions:
    """The functions of a model, run by Keras, as the files of an export are."""

    def __init__(self, model):
        self._functions = functions_of(model)

    def __contains__(self, name):
        return name in self._functions

    def __call__(self, name, **inputs):
        return checking.outputs_of(self._functions[name], inputs)


def make(maker, preset, folder, clips, show=lambda line: None):
    """Ids and videos that begin as the clips do.

    Args:
        maker: a key of `export_report.NAMES`.
        preset: name or folder.
        folder: of the export.
        clips: uint8 `(N, T, H, W, 3)`.
        show: function of a line of progress.

    Returns:
        `(ids (N, t, h, w), videos uint8 (N, T, H, W, 3))`.
    """
    if maker == "keras_int8":
        model = quantized(preset)
        predict = predict_by_keras
    else:
        model = km.MAGVIT.from_preset(preset)
        run = files(folder, int8=maker == "onnx_int8")

        def predict(model, clips, noise):
            return predict_by_files(model, run, clips, noise)

    made = []
    for start in range(0, len(clips), BATCH):
        batch = clips[start : start + BATCH]
        made.append(predict(model, batch, noise_of(model, len(batch), seed=start)))
        show(f"{maker}: {start + len(batch)} of {len(clips)}")
    ids, videos = (np.concatenate(parts) for parts in zip(*made, strict=True))
    return ids, (videos * 255).round().astype("uint8")


def predict_by_keras(model, clips, noise):
    steps = []
    video = model.generate(TASK, clips, noise=noise, callback=steps.append)
    return ops.convert_to_numpy(steps[-1].tokens), np.asarray(video)


def predict_by_files(model, run, clips, noise):
    """As `MAGVIT.generate` does, by the graphs."""
    task = km.tasks.get(TASK, model.condition_frames, model.condition_latent_frames)
    video, _, mask = map(
        ops.convert_to_numpy, task.condition(clips, model.latent_shape)
    )
    batch, prompts = len(clips), model.vocabulary.prompts
    ids = run(
        "decode",
        task=np.full(batch, model.vocabulary.prompt(TASK) if prompts else 0, "int32"),
        labels=np.full(batch, -1, "int32"),
        cond_ids=run("encoder", video=video)["ids"],
        latent_mask=np.broadcast_to(mask, (batch, *model.latent_shape)).copy(),
        categorical_gumbel=noise[0],
        mask_gumbel=noise[1],
        **checking.schedule_inputs(model),
    )["ids"]
    return ids, run("decoder", ids=ids)["video"].clip(0, 1)


def noise_of(model, batch, seed=0):
    """`(categorical, mask)` noise of all steps."""
    rng = np.random.default_rng(seed)
    grid = (model.sampling.num_steps, batch, *model.latent_shape)

    def gumbel(*shape):
        return -np.log(rng.standard_exponential(shape, "float32") + np.float32(1e-30))

    return gumbel(*grid, model.vocabulary.codebook_size), gumbel(*grid)


# === Parts ===========================================================================


def agreement(preset, folder):
    """Figures of `checking.compare`, of each maker and batch."""
    model = km.MAGVIT.from_preset(preset)
    runs = {
        "onnx": files(folder),
        "onnx_int8": files(folder, int8=True),
        "keras_int8": KerasFunctions(quantized(preset)),
    }
    functions = functions_of(model)
    return {
        name: {
            str(batch): checking.compare(model, functions, run, (batch,))
            for batch in checking.BATCHES
        }
        for name, run in runs.items()
    }


def quality(clips, made):
    """Loss of int8 in the videos of `make`.

    Args:
        clips: uint8 `(N, T, H, W, 3)`.
        made: maker -> `(ids, videos)`.

    Returns:
        Maker -> tokens that are those of "onnx", mean PSNR in dB, and, of clips long
        enough for I3D, FVD to the clips and to the videos of "onnx".
    """
    ids = made["onnx"][0]
    found = {}
    for name, (own_ids, own_videos) in made.items():
        decibels = ops.convert_to_numpy(metrics.psnr(clips, own_videos))
        found[name] = {
            "decode_tokens": float(np.mean(own_ids == ids)),
            "psnr": float(decibels.mean()),
        }
    if clips.shape[1] < MIN_FRAMES:
        return found
    i3d = metrics.I3D.from_weights()
    real = metrics.video_statistics(clips, i3d)
    statistics = {n: metrics.video_statistics(v, i3d) for n, (_, v) in made.items()}
    for name, fake in statistics.items():
        found[name]["fvd"] = float(metrics.fvd(real, fake))
        found[name]["fvd_to_float32"] = float(metrics.fvd(statistics["onnx"], fake))
    return found


def speed(preset, folder, clip, times):
    """Seconds of one video, noise included: the fastest of `times`, all in turns.

    Args:
        preset: name or folder.
        folder: of the export.
        clip: uint8 `(1, T, H, W, 3)`.
        times: runs of each that count.

    Returns:
        "onnx", "onnx_int8", "keras" and, where TensorFlow is the backend, "keras_int8"
        -> seconds.
    """
    model = km.MAGVIT.from_preset(preset)
    runs = {"onnx": files(folder), "onnx_int8": files(folder, int8=True)}
    contenders = {
        name: lambda run=run: predict_by_files(model, run, clip, noise_of(model, 1))
        for name, run in runs.items()
    }
    models = {"keras": model}
    if keras.config.backend() == "tensorflow":
        models["keras_int8"] = quantized(preset)
    for name, one in models.items():
        contenders[name] = lambda one=one: one.generate(TASK, clip, seed=1)
    for contender in contenders.values():
        contender()  # compiles
    found = dict.fromkeys(contenders, float("inf"))
    for _ in range(times):
        for name, contender in contenders.items():
            start = time.perf_counter()
            contender()
            found[name] = min(found[name], time.perf_counter() - start)
    return found


def sizes(preset, folder):
    """Bytes of a transformer: its file, its int8 file, its int8 variables in Keras."""
    found = {
        maker: (Path(folder) / f"transformer{suffix}.onnx").stat().st_size
        for maker, suffix in (("onnx", ""), ("onnx_int8", "_int8"))
    }
    variables = quantized(preset).transformer.variables
    arrays = [ops.convert_to_numpy(v) for v in variables if "seed" not in v.path]
    return {**found, "keras_int8": sum(array.nbytes for array in arrays)}
