"""A protocol, settled for one model: what will be made, and where it departs."""

import dataclasses
from typing import Any

from keras_magvit import tasks as task_table
from keras_magvit.evaluation.identity import networks_of
from keras_magvit.evaluation.protocols import RANDOM, RECONSTRUCTION, Protocol
from keras_magvit.networks.i3d import MIN_FRAMES

ALL = "all"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What an evaluation will do.

    Attributes:
        protocol: the row of the table, as it was.
        dataset: name or path of the dataset, or what stands for it.
        tasks: names of tasks, and "reconstruction".
        video_shape: `(T, H, W)` of real and generated clips.
        measured_size: `(H, W)` of what is measured.
        num_videos: how many real clips; None takes all that the protocol names.
        num_samples: generated videos of a repeat; None makes `samples_per_clip` for
            every real clip.
        repeats: how many times that many.
        samples_per_clip: videos made of each condition.
        sampling: arguments of `MAGVIT.generate`, all of them; empty for a tokenizer.
        condition_frames: frames that the model's frame prediction is given; None for a
            tokenizer.
        seed: of all that is drawn.
        batch_size: videos at a time. Noise is drawn for a batch, so the videos depend
            on it.
        deviations: where this departs from the protocol, in words.
    """

    protocol: Protocol
    dataset: str
    tasks: tuple[str, ...]
    video_shape: tuple[int, int, int]
    measured_size: tuple[int, int]
    num_videos: int | None
    num_samples: int | None
    repeats: int
    samples_per_clip: int
    sampling: dict[str, Any]
    condition_frames: int | None
    seed: int
    batch_size: int
    deviations: tuple[str, ...]

    def wanted(self, real) -> int | None:
        """How many clips of a `RealClips` are asked for; None for all."""
        if self.num_videos is None and real.windows == RANDOM:
            return self.protocol.num_samples
        return self.num_videos

    def samples_of(self, num_real: int) -> int:
        """Generated videos of a repeat, when there are `num_real` real clips."""
        if self.num_samples is None:
            return num_real * self.samples_per_clip
        return self.num_samples


def make_plan(
    protocol,
    model,
    dataset,
    tasks=ALL,
    *,
    num_videos=None,
    repeats=None,
    samples_per_clip=None,
    sampling=None,
    seed=0,
    batch_size=8,
):
    """Settles a protocol for a model; see `evaluate` for the arguments.

    Raises:
        ValueError: if the model cannot do a task or its clips are too short, or a
            number is out of range.
    """
    _check_numbers(num_videos, repeats, samples_per_clip, batch_size, seed)
    tokenizer, transformer = networks_of(model)
    video_shape = tuple(getattr(model, "video_shape", tokenizer.video_shape))
    if video_shape[0] < MIN_FRAMES:
        raise ValueError(
            f"FVD needs clips of at least {MIN_FRAMES} frames. "
            f"Received: a model of video_shape={video_shape}"
        )
    chosen = _sampling(protocol, model, sampling) if transformer is not None else {}
    per_clip = samples_per_clip or protocol.samples_per_clip
    num_samples = protocol.num_samples
    if num_videos is not None or per_clip != protocol.samples_per_clip:
        num_samples = None
    size = video_shape[1:]
    measured = protocol.measured_size
    measured = size if measured is None or measured > min(size) else (measured,) * 2
    plan = Plan(
        protocol=protocol,
        dataset=dataset,
        tasks=_tasks(protocol, model, tasks),
        video_shape=video_shape,
        measured_size=measured,
        num_videos=num_videos,
        num_samples=num_samples,
        repeats=repeats or protocol.repeats,
        samples_per_clip=per_clip,
        sampling=chosen,
        condition_frames=getattr(model, "condition_frames", None),
        seed=seed,
        batch_size=batch_size,
        deviations=(),
    )
    return dataclasses.replace(plan, deviations=tuple(_deviations(plan)))


def _check_numbers(num_videos, repeats, samples_per_clip, batch_size, seed):
    for name, value, least in (
        ("num_videos", num_videos, 2),
        ("repeats", repeats, 1),
        ("samples_per_clip", samples_per_clip, 1),
        ("batch_size", batch_size, 1),
        ("seed", seed, 0),
    ):
        if value is not None and not (isinstance(value, int) and value >= least):
            raise ValueError(
                f"`{name}` must be an int of at least {least}. Received: {name}={value!r}"
            )


def _sampling(protocol, model, given):
    """The protocol's decoding over the model's own, and what the user wants over it."""
    settled = model.sampling.replace(**protocol.sampling).replace(**(given or {}))
    return settled.get_config()


def _tasks(protocol, model, given):
    able = (*getattr(model, "tasks", ()), RECONSTRUCTION)
    if given in (ALL, (ALL,), [ALL]):
        chosen = tuple(name for name in protocol.tasks if name in able)
        if not chosen:
            raise ValueError(
                f"The protocol {protocol.name!r} has the tasks {list(protocol.tasks)}, "
                f"and the model has none of them; name others. Received: a model of "
                f"tasks={list(able)}"
            )
        return chosen
    given = (given,) if isinstance(given, str) else tuple(given)
    names = [n if n == RECONSTRUCTION else task_table.get(n).name for n in given]
    missing = [name for name in names if name not in able]
    # A model of one task has no prompt, and may try any other.
    if missing and (len(able) != 2 or networks_of(model)[1] is None):
        raise ValueError(
            f"`tasks` must be among those of the model, {list(able)}. "
            f"Received: tasks={missing}"
        )
    return tuple(dict.fromkeys(names))


def _deviations(plan):
    row = plan.protocol
    (frames, *size), square = plan.video_shape, [row.size] * 2
    yield from _differs("dataset", plan.dataset, row.dataset)
    yield from _differs("frames", frames, row.num_frames)
    yield from _differs("size", _times(size), _times(square))
    measured = [row.measured_size] * 2 if row.measured_size else square
    yield from _differs("measured size", _times(plan.measured_size), _times(measured))
    if plan.num_videos is not None:
        yield f"real clips: at most {plan.num_videos} (protocol: all)"
    if plan.num_samples != row.num_samples:
        yield (
            f"generated videos of a repeat: {plan.samples_per_clip} a real clip "
            f"(protocol: {row.num_samples})"
        )
    yield from _differs("repeats", plan.repeats, row.repeats)
    yield from _differs("samples a clip", plan.samples_per_clip, row.samples_per_clip)
    for name, value in row.sampling.items():
        if plan.sampling:
            yield from _differs(name, plan.sampling[name], value)
    if plan.sampling and "frame_prediction" in plan.tasks:
        given = plan.condition_frames
        yield from _differs("condition frames", given, row.condition_frames)
    extra = [name for name in plan.tasks if name not in row.tasks]
    if extra:
        yield f"tasks that are not the protocol's: {', '.join(extra)}"


def _times(size):
    return "x".join(map(str, size))


def _differs(name, value, expected):
    if value != expected:
        yield f"{name}: {value} (protocol: {expected})"
