"""What a call of `generate` asks for, checked and made ready to decode."""

from typing import NamedTuple

from keras import ops

from keras_magvit import inputs, tasks


class Request(NamedTuple):
    """One row for each clip to make.

    Attributes:
        condition: `tasks.Condition`, or None for tasks that start from nothing.
        cond_ids: int32 `(B, t, h, w)`; zeros without condition.
        latent_mask: bool `(B, t, h, w)`; False without condition.
        prefix: int32 `(B, P)`, what stands before the latents.
        uncond_prefix: int32 `(B, P)`, the same for guidance to steer away from.
    """

    condition: object
    cond_ids: object
    latent_mask: object
    prefix: object
    uncond_prefix: object


def prepare(model, task, video, labels, mask, num_samples):
    """Builds a `Request` from the arguments of `MAGVIT.generate`.

    The condition is tokenized once for each clip, however many samples are made of it.

    Raises:
        ValueError: on arguments out of range or missing for the task.
    """
    if video is not None:
        video = inputs.as_video(video)
    task = _resolve(model, task, video, mask)
    condition = None
    batch = None if video is None else video.shape[0]
    if task.gives_pixels:
        condition = task.condition(_whole_clip(model, task, video), model.latent_shape)
    if task.uses_class:
        labels = inputs.as_labels(labels, batch, model.num_classes)
        batch = len(labels)
    batch = batch or 1

    grid = (batch, *model.latent_shape)
    nothing = ops.zeros(grid, "bool")
    if condition is None:
        cond_ids, latent_mask = ops.zeros(grid, "int32"), nothing
    else:
        cond_ids = model.tokenizer.encode(condition.video)
        latent_mask = ops.broadcast_to(condition.latent_mask, grid)
    sequence = model.sequence
    prompt = sequence.prompt(task, labels, batch)
    uncond_prompt = sequence.unconditional_prompt(task, batch)
    request = Request(
        condition,
        cond_ids,
        latent_mask,
        sequence.prefix(prompt, cond_ids, latent_mask),
        sequence.prefix(uncond_prompt, cond_ids, nothing),
    )
    return request if num_samples == 1 else _repeat(request, num_samples)


def _resolve(model, task, video, mask):
    """The task as this call means it: with its mask or its number of given frames."""
    found = tasks.get(task, model.condition_frames, model.condition_latent_frames)
    if model.vocabulary.prompts:
        model.vocabulary.prompt(found.name)  # raises if the model has no such prompt
    if mask is not None:
        return found.with_mask(mask)
    if video is None:
        return found
    frames, ends = video.shape[1], sum(count > 0 for count in found.given_frames)
    if not ends or frames >= model.video_shape[0]:
        return found
    if frames == sum(found.given_frames):
        return found
    if frames % ends:
        raise ValueError(
            "Interpolation takes as many frames for each end. "
            f"Received: video.shape={tuple(video.shape)}"
        )
    return found.with_frames(frames // ends, model.condition_latent_frames)


def _whole_clip(model, task, clip):
    """The given frames at their places in a clip of `video_shape`."""
    if clip is None:
        raise ValueError(
            f"Task {task.name!r} starts from a video: pass `video`. Received: video=None"
        )
    missing = model.video_shape[0] - clip.shape[1]
    if tuple(clip.shape[2:4]) != model.video_shape[1:] or missing < 0:
        raise ValueError(
            "`video` must have the model's frames, height and width "
            f"{model.video_shape}. Received: video.shape={tuple(clip.shape)}"
        )
    if missing == 0:
        return clip
    first, last = task.given_frames
    if not (first or last):
        raise ValueError(
            f"Task {task.name!r} takes whole clips of {model.video_shape[0]} frames. "
            f"Received: video.shape={tuple(clip.shape)}"
        )
    gap = ops.zeros((clip.shape[0], missing, *clip.shape[2:]))
    return ops.concatenate([clip[:, :first], gap, clip[:, first:]], axis=1)


def _repeat(request, num_samples):
    def repeat(x):
        return ops.repeat(x, num_samples, axis=0)

    condition = request.condition
    if condition is not None:
        condition = tasks.Condition(*map(repeat, condition))
    return Request(condition, *map(repeat, request[1:]))
