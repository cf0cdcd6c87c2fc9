"""What making a batch costs, for each source, as a share of a training step.

    python -m benchmarks.data_throughput
    python -m benchmarks.data_throughput --measure-step --write docs/data_throughput.md

Clips of 16 x 64 x 64 in batches of 8. Costs are processor time of one process that does
nothing else, so that they hold on a busy machine too; the share is that time over the
length of a step, as if one core did all of it.
"""

import argparse
import datetime
import importlib.metadata
import importlib.util
import itertools
import os
import platform
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks import machine
from keras_magvit import data

FRAMES, SIZE, BATCH = 16, (64, 64), 8

# Seconds of a step of stage 1 with 32 filters, 16 x 64 x 64, batch 8, TensorFlow
# mixed_bfloat16 on 2 cores, unless it is measured: a quarter of a second a clip.
REFERENCE_STEP = 8 * 0.25


def write_videos(folder, count, group, seconds=10, rate=25):
    """Encodes drawn videos of 320 x 240, as large as those of Kinetics: x264, crf 23.

    Args:
        folder: where to.
        count: how many.
        group: the most frames between two key frames.
        seconds: of each.
        rate: frames a second.
    """
    import av

    folder.mkdir()
    shapes = data.MovingShapes(count, seconds * rate, (240, 320))
    y, x = np.mgrid[:240, :320]
    for index in range(count):
        grain = np.random.default_rng(index).integers(0, 24, (300, 400, 3), np.uint8)
        options = {"g": str(group), "crf": "23", "preset": "veryfast"}
        with av.open(str(folder / f"{index:03d}.mp4"), "w") as file:
            stream = file.add_stream("libx264", rate=rate, options=options)
            stream.height, stream.width, stream.pix_fmt = 240, 320, "yuv420p"
            for number in range(seconds * rate):
                frame = shapes.frames(index, [number])[0] // 2
                frame = frame + (60 + 50 * np.sin(x / 23 + y / 31))[..., None] // 1
                top, left = number % 60, number % 80
                frame = frame + grain[top : top + 240, left : left + 320]
                picture = av.VideoFrame.from_ndarray(frame.astype(np.uint8))
                picture.pts, picture.time_base = number, Fraction(1, rate)
                file.mux(stream.encode(picture))
            file.mux(stream.encode(None))


def cost(stream, batches):
    """Processor seconds of a batch: the median, after one batch that warms up."""
    made = stream.batches(BATCH)
    next(made)
    seconds = []
    for _ in range(batches):
        start = time.process_time()
        next(made)
        seconds.append(time.process_time() - start)
    made.close()
    return statistics.median(seconds)


def many_names(folder, videos, count):
    """Gives videos `count` names in a folder, so that none is met twice.

    A large set is read like that: what is learnt about a file is of no use later.
    """
    folder.mkdir()
    paths = sorted(videos.iterdir())
    for number in range(count):
        (folder / f"{number:05d}.mp4").hardlink_to(paths[number % len(paths)])


def streams(folder, count, batches):
    """Yields `(name, stream)` for each source."""

    def clips(source, **options):
        return data.ClipDataset(source, FRAMES, size=SIZE, flip=True, **options)

    for group in (250, 12):
        place = folder / f"key frames every {group}"
        write_videos(place, count, group)
        kib = statistics.mean(p.stat().st_size for p in place.iterdir()) / 1024
        names = folder / f"names {group}"
        many_names(names, place, (batches + 1) * BATCH)
        name = f"240p mp4, a key frame in {group}, {kib:.0f} KiB each"
        yield name, clips(data.VideoFolder(names))
        if group == 250:
            strided = clips(data.VideoFolder(names), stride=4)
            yield f"{name}, every 4th frame", strided
    cached = clips(data.VideoFolder(place), cache=folder / "cache")
    for number in range(count):  # each video once
        cached.example(number)
    yield "clip cache", cached
    yield "moving digits, drawn", clips(data.MovingDigits())
    yield "moving shapes, drawn", clips(data.MovingShapes())
    if importlib.util.find_spec("pybullet") is not None:
        options = {"num_train": 16, "num_validation": 8}
        data.prepare("simulated_pushing", folder, **options)
        pushing = data.open_source("simulated_pushing", data_dir=folder)
        yield "simulated pushing, prepared", clips(pushing)
    yield "token cache", _token_cache(folder, clips(data.MovingShapes(64)))


def _token_cache(folder, dataset):
    import keras_magvit as km

    tokenizer = km.VideoTokenizer(
        filters=32,
        channel_multipliers=(1, 1, 1, 1),
        temporal_downsample=(True, True, False),
        num_res_blocks=0,
        embedding_dim=8,
        codebook_size=1024,
        video_shape=(FRAMES, *SIZE),
    )
    tasks = ("frame_prediction", "central_outpainting")
    data.tokenize_dataset(tokenizer, dataset, folder / "tokens", tasks)
    return data.TokenCache(folder / "tokens")


def step_seconds(steps=5):
    """Seconds of a step of stage 1 on this machine: 32 filters, batch 8.

    It is the processor time over the number of cores: the step cannot be shorter, and
    a busy machine does not make it longer.
    """
    import keras

    import keras_magvit as km

    keras.config.set_dtype_policy("mixed_bfloat16")
    tokenizer = km.VideoTokenizer(
        filters=32, channel_multipliers=(1, 2, 2, 4), video_shape=(FRAMES, *SIZE)
    )
    discriminator = km.VideoDiscriminator(16, (2, 4, 4), video_shape=(FRAMES, *SIZE))
    recipe = km.recipes.tokenizer("paper").replace(perceptual=None, batch_size=BATCH)
    trainer = km.VideoTokenizerTrainer(tokenizer, discriminator, recipe)
    trainer.compile(steps=100)
    ends = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            ends.append(time.process_time())

    video = np.random.default_rng(0).random((BATCH, FRAMES, *SIZE, 3), "float32")
    batches = itertools.repeat({"video": video})
    trainer.fit(batches, steps_per_epoch=steps + 2, callbacks=[Clock()], verbose=0)
    return statistics.median(np.diff(ends)[1:]) / os.cpu_count()


def table(rows, step):
    """The figures as Markdown."""
    lines = [
        "| source | ms a clip | ms a batch of 8 | share of a step |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {_tenths(1000 * seconds / BATCH)} | {_tenths(1000 * seconds)} | "
        f"{_tenths(100 * seconds / step)}% |"
        for name, seconds in rows
    ]
    return "\n".join(lines)


def _tenths(value):
    return f"{value:.1f}" if value >= 0.05 else "< 0.1"


def page(rows, step, measured, command):
    """The page of the documentation."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("av", "pillow", "numpy", "keras", "tensorflow")
    )
    how = "a reference, not measured here"
    if measured:
        how = "its processor time in the same run over the number of cores"
    return f"""# What input costs

Clips of 16 x 64 x 64 in batches of 8: processor time of one process that makes batches and
does nothing else, and that time as a share of a training step of {step:.2f} s
({how}: stage 1 with 32 filters, batch 8, TensorFlow, mixed_bfloat16). A step runs on all
cores and batches are made beside it by threads, so the share is what input takes away if
there is no core to spare.

{table(rows, step)}

"240p mp4" are drawn videos of 10 s at 25 frames a second, 320 x 240, x264 at crf 23, with
film grain that moves. No file is met twice, as in a large set. Without a cache, what is
decoded is the way from the last key frame to the end of the window: key frames close
together make reading cheaper.

    {command}

{datetime.date.today()}, {machine.processor()}, Python {platform.python_version()}, {versions}.
Seed 0.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=8, help="of each kind")
    parser.add_argument("--batches", type=int, default=12, help="measured for each")
    parser.add_argument(
        "--measure-step", action="store_true", help="train for some steps first"
    )
    parser.add_argument("--write", metavar="FILE", help="write the page")
    options = parser.parse_args()
    step = step_seconds() if options.measure_step else REFERENCE_STEP
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, stream in streams(Path(folder), options.videos, options.batches):
            rows.append((name, cost(stream, options.batches)))
            print(f"{name}: {1000 * rows[-1][1] / BATCH:.1f} ms a clip", flush=True)
    print(table(rows, step))
    if options.write:
        command = "python -m benchmarks.data_throughput"
        command += " --measure-step" * options.measure_step
        Path(options.write).write_text(page(rows, step, options.measure_step, command))


if __name__ == "__main__":
    main()
