"""What stands beside the graphs: all that a program without Keras must know, as JSON.

A task is a prompt, two masks and a recipe to fill what is not given. Both masks are
strings of 0 and 1, one a row; an axis of size 1 stands for all. The fill is one formula:

    fill = (1 - weight[t]) * video[first[t], rows, columns] + weight[t] * video[second[t], ...]
    condition = where(mask, video, scale * fill)
"""

import numpy as np

from keras_magvit import tasks
from keras_magvit._version import __version__
from keras_magvit.models.magvit import MAGVIT
from keras_magvit.ops.schedule import step_ratio
from keras_magvit.tasks.regions import Box, Frames

FORMAT = 1
# Keys of the sampling that are inputs of the decode, as float32.
SCHEDULE = ("mask_ratio", "noise_scale", "sampling_temperature", "guidance_scale")


def describe(model):
    """A plain dict of a `MAGVIT` or a `VideoTokenizer`."""
    description = {
        "format": FORMAT,
        "keras_magvit_version": __version__,
        "video_shape": list(model.video_shape),
        "latent_shape": list(model.latent_shape),
    }
    if not isinstance(model, MAGVIT):
        return {**description, "codebook_size": model.codebook_size}
    return {
        **description,
        "codebook_size": model.vocabulary.codebook_size,
        "num_classes": model.num_classes,
        "sampling": _sampling(model),
        "schedule": list(SCHEDULE),
        "tasks": {name: _task(model, name) for name in model.tasks},
    }


def _sampling(model):
    """The knobs, and what each step is fed of them."""
    settings = model.sampling
    count, tokens = settings.num_steps, model.sequence.num_latents
    left = 1 - np.arange(1, count + 1) / count
    ratios = [step_ratio(s, count, tokens, settings.schedule) for s in range(count)]
    return {
        **settings.get_config(),
        "mask_ratio": [float(ratio) for ratio in ratios],
        "noise_scale": [settings.choice_temperature * max(0.0, x) for x in left],
    }


def _task(model, name):
    task = tasks.get(name, model.condition_frames, model.condition_latent_frames)
    region, video_shape = task.region, model.video_shape
    prompts = model.vocabulary.prompts
    return {
        "description": task.description,
        "prompt": model.vocabulary.prompt(name) if prompts else None,
        "uses_class": task.uses_class,
        "gives_pixels": task.gives_pixels,
        "video_mask": _rows(region.mask(*video_shape)),
        "latent_mask": _rows(region.latent_mask(video_shape, model.latent_shape)),
        "fill": _fill(task, video_shape),
    }


def _rows(mask):
    mask = np.asarray(mask, bool)
    mask = mask.reshape((1,) * (3 - mask.ndim) + mask.shape)
    return [
        ["".join("01"[int(cell)] for cell in row) for row in frame] for frame in mask
    ]


def _fill(task, video_shape):
    """The padding as data, or None for a function of the user's own."""
    if task.padding not in ("zero", "edge", "interpolate"):
        return None
    frames, height, width = video_shape
    first, rows, columns = np.arange(frames), np.arange(height), np.arange(width)
    second, weight = first, np.zeros(frames)
    region = task.region
    if task.padding == "edge" and isinstance(region, Frames):
        first = second = first.clip(0, region.first - 1)
    elif task.padding == "edge" and isinstance(region, Box):
        top, bottom, left, right = region.bounds(*video_shape)
        rows = rows.clip(top, bottom - 1)
        columns = columns.clip(int(left[0]), int(right[0]) - 1)
    elif task.padding == "interpolate":
        missing = frames - region.first - region.last
        step = np.clip(first - region.first + 1, 0, missing + 1)
        weight = (step / (missing + 1)).astype("float32")
        first = np.full(frames, region.first - 1)
        second = np.full(frames, frames - region.last)
    return {
        "scale": float(task.padding != "zero"),
        "first": first.tolist(),
        "second": second.tolist(),
        "weight": weight.tolist(),
        "rows": rows.tolist(),
        "columns": columns.tolist(),
    }
