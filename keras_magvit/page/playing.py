"""A visitor's wish, and the steps in which a model fulfils it."""

import dataclasses
import queue
import threading
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_magvit import tasks
from keras_magvit.models.request import prepare

_MOST = 1000.0
_GREY = 128


@dataclasses.dataclass(frozen=True)
class Wish:
    """What a visitor asks for.

    Args:
        task: its name.
        label: int, the class, for tasks that use it.
        painted: bool `(H, W)`, True where pixels are to be made anew, in place of the
            task's own region; or None.
        num_steps: decoding steps.
        choice_temperature, sampling_temperature, guidance_scale: see `Sampling`.
        seed: int.
        keep_condition: put the given pixels back.
    """

    task: str
    label: int | None = None
    painted: np.ndarray | None = None
    num_steps: int = 12
    choice_temperature: float = 4.5
    sampling_temperature: float = 1.0
    guidance_scale: float = 0.0
    seed: int = 0
    keep_condition: bool = False


class View(NamedTuple):
    """What there is to see after a decoding step.

    Attributes:
        step: int, from 1.
        num_steps: int.
        video: float32 `(T, H, W, 3)` in [0, 1], the ids so far as pixels.
        undecided: bool `(t, h, w)`, cells that later steps draw.
        is_result: whether this is the finished video.
    """

    step: int
    num_steps: int
    video: np.ndarray
    undecided: np.ndarray
    is_result: bool = False


def takes_region(task):
    """Whether a region may be painted for a task: its own is a part of every frame.

    Args:
        task: a task's name.

    Returns:
        bool.

    Example:
        >>> from keras_magvit.page.playing import takes_region
        >>> takes_region("central_inpainting"), takes_region("frame_prediction")
        (True, False)
    """
    task = tasks.get(task)
    return task.gives_pixels and not any(task.given_frames)


def condition(model, wish, clip):
    """What the model is given.

    Args:
        model: `MAGVIT`.
        wish: `Wish`.
        clip: uint8 `(T, H, W, 3)`.

    Returns:
        uint8 `(T, H, W, 3)`, grey where nothing is given.

    Raises:
        ValueError: if the wish cannot be fulfilled; the text is for the visitor.
    """
    request = prepare(model, **_given(wish, clip), num_samples=1)
    if request.condition is None:
        return np.full_like(clip, _GREY)
    given = ops.convert_to_numpy(request.condition.video_mask)[0]
    return np.where(given, clip, np.uint8(_GREY))


def play(model, wish, clip, limits):
    """Fulfils a wish step by step.

    Args:
        model: `MAGVIT`.
        wish: `Wish`.
        clip: uint8 `(T, H, W, 3)`.
        limits: `Limits`.

    Yields:
        A `View` after each step, and the result last.

    Raises:
        ValueError: if the wish cannot be fulfilled; the text is for the visitor.
    """
    _check(wish, limits)

    def generate(show):
        return model.generate(
            **_given(wish, clip),
            seed=wish.seed,
            num_steps=wish.num_steps,
            choice_temperature=wish.choice_temperature,
            sampling_temperature=wish.sampling_temperature,
            guidance_scale=wish.guidance_scale,
            keep_condition=wish.keep_condition,
            callback=lambda step: show(_view(model, step)),
        )[0]

    last = None
    for shown in _calls(generate):
        is_view = isinstance(shown, View)
        last = shown if is_view else last._replace(video=shown, is_result=True)
        yield last


def _check(wish, limits):
    if not 1 <= wish.num_steps <= limits.steps:
        raise ValueError(
            f"The steps must be from 1 to {limits.steps}. Received: {wish.num_steps}"
        )
    for name in ("choice_temperature", "sampling_temperature", "guidance_scale"):
        value = getattr(wish, name)
        if not 0 <= value <= _MOST:  # NaN is not
            raise ValueError(
                f"The {name.replace('_', ' ')} must be from 0 to {_MOST:.0f}. "
                f"Received: {value}"
            )


def _given(wish, clip):
    """The arguments of `generate` that say what the model starts from."""
    task = tasks.get(wish.task)
    mask = None
    if wish.painted is not None and takes_region(task):
        if wish.painted.all() or not wish.painted.any():
            raise ValueError(
                "Paint a part of the frame: not nothing, and not all of it."
            )
        mask = ~wish.painted
    return {
        "task": task.name,
        "video": clip[None] if task.gives_pixels else None,
        "labels": wish.label if task.uses_class else None,
        "mask": mask,
    }


def _view(model, step):
    video = model.tokenizer.decode(step.sampled_tokens[:1])
    is_last = step.step + 1 == step.num_steps  # what it leaves open, no step draws
    return View(
        step.step + 1,
        step.num_steps,
        ops.convert_to_numpy(ops.clip(video, 0.0, 1.0))[0],
        ops.convert_to_numpy(step.next_unknown)[0] & (not is_last),
    )


def _calls(function):
    """Runs `function(show)` in a thread; yields what it shows, and what it returns.

    Closing the generator ends the function where it next shows something.
    """
    shown = queue.Queue()
    closed = threading.Event()

    def show(value):
        if closed.is_set():
            raise GeneratorExit
        shown.put((value, None, False))

    def run():
        try:
            shown.put((function(show), None, True))
        except BaseException as error:
            shown.put((None, error, True))

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        done = False
        while not done:
            value, error, done = shown.get()
            if error is not None:
                raise error
            yield value
    finally:
        closed.set()
        worker.join()
