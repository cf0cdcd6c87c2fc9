"""`keras-magvit generate`: videos from a task and what it is given."""

from collections.abc import Callable, Sequence

from keras_magvit.cli import clips, loading, options, outputs
from keras_magvit.cli.errors import CommandError, refusals

NAME = "generate"
SUMMARY = "make videos: predict, interpolate, outpaint, inpaint, or from a class"
EXAMPLES = """\
TASK is a name or the paper's abbreviation:
  FP  frame_prediction        OPV vertical_outpainting    IPC central_inpainting
  FI  frame_interpolation     OPH horizontal_outpainting  IPD dynamic_inpainting
  OPC central_outpainting     OPD dynamic_outpainting     CG  class_generation
  CFP class_frame_prediction  UNC unconditional_generation

A video with fewer frames than the preset's is taken as the given frames of FP, FI and
CFP, half of them for each end of FI. Several results are numbered: out_0.mp4, out_1.mp4.
Sampling options left out are the preset's own.

examples:
  keras-magvit generate k600_fp FP --video clip.mp4 --out next.mp4 --sheet next.png
  keras-magvit generate ucf101_cg CG --labels 3 --num-samples 4 --out samples.gif
  keras-magvit generate my_model/ IPC --video clip.mp4 --mask hole.png --out frames/
"""

# Arguments of `MAGVIT.generate` that have another name here.
_OPTIONS = {
    "task": "TASK",
    "video": "--video",
    "labels": "--labels",
    "mask": "--mask",
    "num_samples": "--num-samples",
    "num_steps": "--steps",
    "schedule": "--schedule",
    "name": "--schedule",
    "choice_temperature": "--choice-temperature",
    "sampling_temperature": "--sampling-temperature",
    "top_k": "--top-k",
    "top_p": "--top-p",
}
_SAMPLING = (
    *("schedule", "choice_temperature", "sampling_temperature"),
    *("top_k", "top_p", "guidance_scale"),
)
_STRIP_ROWS = 12
_FRAME_RATE = 8.0


def add_arguments(parser):
    """Adds PRESET, TASK, what is given, the sampling and the outputs."""
    options.add_preset(parser)
    parser.add_argument("task", metavar="TASK", help="see below")
    given = parser.add_argument_group("what is given")
    given.add_argument("--video", metavar="FILE", help="a video file or frame folder")
    given.add_argument(
        "--labels", type=int, nargs="+", metavar="N", help="classes, one a result"
    )
    given.add_argument(
        "--mask",
        metavar="FILE",
        help="replaces the task's region: .png, white where pixels are given, or bool "
        ".npy (H, W) or (T, H, W)",
    )
    options.add_clip_choice(given)
    sampling = parser.add_argument_group("sampling")
    sampling.add_argument(
        "--num-samples", type=options.at_least(1), default=1, metavar="N"
    )
    sampling.add_argument("--steps", type=int, metavar="N", help="decoding steps")
    sampling.add_argument(
        "--schedule", metavar="NAME", help="mask schedule: cosine, uniform, exp, ..."
    )
    for name in ("--choice-temperature", "--sampling-temperature"):
        sampling.add_argument(name, type=float, metavar="X")
    sampling.add_argument("--top-k", type=int, metavar="N", help="0 is off")
    sampling.add_argument("--top-p", type=float, metavar="X", help="0 is off")
    sampling.add_argument("--guidance-scale", type=float, metavar="X", help="0 is off")
    sampling.add_argument(
        "--keep-condition", action="store_true", help="put the given pixels back"
    )
    made = parser.add_argument_group("outputs")
    made.add_argument(
        "--out", required=True, metavar="FILE", help=".mp4 .gif .webp .npz or a folder"
    )
    made.add_argument(
        "--sheet", metavar="PNG", help="picture with the rows input, condition, result"
    )
    made.add_argument(
        "--strip",
        metavar="PNG",
        help="picture of decoding steps, undecided cells tinted",
    )


def run(arguments, console):
    """Writes generated videos, and pictures of them if asked."""
    from keras_magvit import tasks
    from keras_magvit.io import write_video

    with refusals(_OPTIONS):
        task = tasks.get(arguments.task)
    _check_given(arguments, task, console)
    paths = outputs.numbered(arguments.out, _count(arguments, task))
    wanted = [(path, outputs.VIDEO) for path in paths]
    wanted += [(p, outputs.PICTURE) for p in (arguments.sheet, arguments.strip)]
    sources = (arguments.video, arguments.mask)
    outputs.check(wanted, arguments.overwrite, sources)
    if arguments.video:
        clips.probe(arguments.video)
        clips.check_not_still(arguments.video)

    model = loading.model(arguments, console)
    clip = _clip(arguments, task, model, console)
    mask = arguments.mask and clips.read_mask(arguments.mask, model.video_shape)
    given = {
        "task": arguments.task,
        "video": None if clip is None else clip.frames[None],
        "labels": arguments.labels if task.uses_class else None,
        "mask": mask,
    }
    rows = _given_rows(model, given) if arguments.sheet else {}
    videos, steps = _generate(arguments, model, given, console)

    rate = clip.frame_rate if clip else _FRAME_RATE
    jobs: list[tuple[str, Callable[..., None]]] = [
        (path, lambda place, video=video: write_video(place, video, rate))
        for path, video in zip(paths, videos, strict=True)
    ]
    if arguments.sheet:
        jobs.append((arguments.sheet, lambda place: _sheet(rows, videos, place)))
    if arguments.strip:
        jobs.append((arguments.strip, lambda place: _strip(model, steps, place)))
    outputs.write_all(jobs)
    for path, _ in jobs:
        console.wrote(path)


def _count(arguments, task):
    """How many videos there will be."""
    clips_of_labels = len(arguments.labels) if task.uses_class else 1
    return clips_of_labels * arguments.num_samples


def _check_given(arguments, task, console):
    """Refuses what the task misses; notes what it does not read."""
    if task.gives_pixels and not arguments.video:
        raise CommandError(f"Task {task.name!r} starts from a video: pass --video")
    if task.uses_class and not arguments.labels:
        raise CommandError(f"Task {task.name!r} needs a class: pass --labels")
    if arguments.mask and not arguments.video:
        raise CommandError(
            "--mask says which pixels of a video are given: pass --video"
        )
    if arguments.video and not (task.gives_pixels or arguments.mask):
        console.note(f"task {task.name!r} does not read --video")
    if arguments.labels and not task.uses_class:
        console.note(f"task {task.name!r} does not read --labels")


def _clip(arguments, task, model, console):
    """The input video at the model's size, or None for a task that reads none."""
    if not arguments.video or not (task.gives_pixels or arguments.mask):
        return None
    whole = bool(arguments.mask) or not any(task.given_frames)
    clip = clips.read(arguments, model.video_shape, console, whole=whole)
    if clip.num_frames < model.video_shape[0]:
        console.note(
            f"{arguments.video} has {clip.num_frames} frames, fewer than the preset's "
            f"{model.video_shape[0]}: they are taken as the given frames"
        )
    return clip


def _generate(arguments, model, given, console):
    """The videos, and the `DecodeStep`s if the strip is to show them."""
    steps = []

    def on_step(step):
        if arguments.strip:
            steps.append(step)
        console.progress("generate", step.step + 1, step.num_steps)

    sampling = {name: getattr(arguments, name) for name in _SAMPLING}
    console.progress("generate", 0, 1)
    with refusals(_OPTIONS):
        videos = model.generate(
            **given,
            **sampling,
            num_steps=arguments.steps,
            num_samples=arguments.num_samples,
            seed=arguments.seed,
            keep_condition=arguments.keep_condition,
            callback=on_step,
        )
    return videos, steps


def _given_rows(model, given):
    """The sheet's rows above the results: input and condition, where there are any."""
    from keras import ops

    from keras_magvit.models.request import prepare

    with refusals(_OPTIONS):
        request = prepare(model, **given, num_samples=1)
    if request.condition is None:
        return {}
    condition = ops.convert_to_numpy(ops.clip(request.condition.video, 0.0, 1.0))
    return {"input": given["video"][0], "condition": condition[0]}


def _sheet(rows, videos, path):
    from keras_magvit.io import contact_sheet

    results = {f"result {index}": video for index, video in enumerate(videos)}
    if len(videos) == 1:
        results = {"result": videos[0]}
    contact_sheet({**rows, **results}, path=path)


def _strip(model, steps, path):
    from keras import ops

    from keras_magvit.io import decoding_strip

    masks = [ops.convert_to_numpy(step.next_unknown)[0] for step in steps]
    decoding_strip(_Decoded(model, steps), masks, rows=_STRIP_ROWS, path=path)


class _Decoded(Sequence):
    """The first video after each step, decoded when it is asked for."""

    def __init__(self, model, steps):
        self.model = model
        self.steps = steps

    def __len__(self):
        return len(self.steps)

    def __getitem__(self, index):
        from keras import ops

        ids = self.steps[index].sampled_tokens[:1]
        video = self.model.tokenizer.decode(ids)[0]
        return ops.convert_to_numpy(ops.clip(video, 0.0, 1.0))
