"""The page: what stands where, and what happens on a click."""

import html

import gradio as gr

from keras_magvit import tasks
from keras_magvit.io.strips import tinted
from keras_magvit.io.video import to_frames
from keras_magvit.page import figures, painting
from keras_magvit.page.clips import (
    UPLOAD_SUFFIXES,
    clip_names,
    open_clip,
    read_upload,
)
from keras_magvit.page.playing import Wish, condition, play, takes_region

_OWN, _PAINTED = "the task's own", "painted"
_READY = "Choose a task and press Generate."
_SESSION_SECONDS = 3600  # a visitor's clip is kept so long


def build(model, preset, limits):
    """Lays the page out for a model.

    Args:
        model: `MAGVIT`.
        preset: its name, for the heading.
        limits: `Limits`.

    Returns:
        `gradio.Blocks`, not launched yet.
    """
    names = clip_names(preset)
    first = open_clip(names[0], model.video_shape)
    with gr.Blocks(
        title="keras_magvit",
        analytics_enabled=False,
        delete_cache=(_SESSION_SECONDS, _SESSION_SECONDS),
    ) as page:
        gr.HTML(_heading(model, preset))
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=300):
                clip, choose = _clip_controls(model, names, first, limits)
                wish, start, stop = _wish_controls(model, first, limits)
            with gr.Column(scale=3, min_width=300):
                status = gr.HTML(figures.message(_READY))
                views = gr.HTML(
                    figures.triptych(first.frames, None, None, first.frame_rate)
                )
                with gr.Accordion("Every step (undecided cells tinted)", open=False):
                    strip = gr.HTML()
        painter = wish["painted"]
        choose([clip, painter, views, status, strip])
        run = gr.on(
            [start.click],
            _runner(model, limits, tuple(wish)),
            [clip, *wish.values()],
            [views, status, strip],
            concurrency_id="model",
            concurrency_limit=1,
            show_progress="hidden",
        )
        stop.click(_stopped, None, status, cancels=[run], queue=False)
    return page


def _heading(model, preset):
    frames, height, width = model.video_shape
    weights = model.count_params() + model.tokenizer.count_params()
    return (
        f"<h1>keras_magvit</h1><p>Preset <b>{html.escape(preset)}</b>: "
        f"{weights / 1e6:.1f} million weights, clips of {frames} frames of "
        f"{width}x{height} pixels. It knows what it was trained on, and little else.</p>"
    )


# === Clip =============================================================================


def _clip_controls(model, names, chosen, limits):
    """The state that holds the clip, and a function that wires its outputs."""
    clip = gr.State(chosen, time_to_live=_SESSION_SECONDS)
    name = gr.Dropdown(names, value=names[0], label="Clip")
    upload = gr.File(
        label=f"or upload your own, up to {limits.upload_bytes / 2**20:.0f} MB",
        file_types=list(UPLOAD_SUFFIXES),
        height=140,
    )
    with gr.Accordion("Which frames of an upload", open=False):
        first = gr.Slider(0, limits.first_frame, 0, step=1, label="First frame")
        stride = gr.Slider(1, limits.stride, 1, step=1, label="Every n-th frame")

    def show(video):
        frames = video.frames
        return (
            video,
            painting.unpainted(frames[0]),
            figures.triptych(frames, None, None, video.frame_rate),
            figures.message(_READY),
            "",
        )

    def refuse(error):
        kept = gr.skip()
        return kept, kept, kept, figures.message(str(error), is_error=True), kept

    def on_name(name):
        return show(open_clip(name, model.video_shape))

    def on_upload(path, start, stride):
        if path is None:
            return (gr.skip(),) * 5
        try:
            return show(
                read_upload(path, model.video_shape, limits, int(start), int(stride))
            )
        except ValueError as error:
            return refuse(error)

    def wire(outputs):
        name.input(on_name, name, outputs)
        gr.on(
            [upload.upload, first.release, stride.release],
            on_upload,
            [upload, first, stride],
            outputs,
        )

    return clip, wire


# === Wish =============================================================================


def _wish_controls(model, first, limits):
    """Controls by the name of what they give, and the two buttons."""
    names = [name for name in model.tasks if _can_do(model, name)]
    task = gr.Dropdown([(_title(n), n) for n in names], value=names[0], label="Task")
    label = gr.Number(
        0,
        minimum=0,
        maximum=max(model.num_classes - 1, 0),
        precision=0,
        label=f"Class, 0 to {model.num_classes - 1}",
        visible=tasks.get(names[0]).uses_class,
    )
    with gr.Group(visible=takes_region(names[0])) as regions:
        region = gr.Radio([_OWN, _PAINTED], value=_OWN, label="Region")
        painted = painting.painter(first.frames[0])
    sampling = model.sampling
    with gr.Row():
        seed = gr.Number(
            0, minimum=0, maximum=2**31 - 1, precision=0, label="Seed", min_width=120
        )
        steps = gr.Slider(
            1, limits.steps, sampling.num_steps, step=1, label="Steps", min_width=160
        )
    with gr.Accordion("Temperatures and guidance", open=False):
        choice = gr.Number(
            sampling.choice_temperature,
            minimum=0,
            label="Choice: how freely the order of decisions is drawn",
        )
        ids = gr.Number(
            sampling.sampling_temperature,
            minimum=0,
            label="Sampling: how freely ids are drawn; 0 is greedy",
        )
        guidance = gr.Number(
            sampling.guidance_scale,
            minimum=0,
            label="Guidance: how strongly the class is meant, about 3; 0 is off",
        )
        keep = gr.Checkbox(False, label="Put the given pixels back")
    with gr.Row():
        start = gr.Button("Generate", variant="primary", min_width=120)
        stop = gr.Button("Stop", min_width=80)
    task.change(
        lambda name: (
            gr.update(visible=tasks.get(name).uses_class),
            gr.update(visible=takes_region(name)),
        ),
        task,
        [label, regions],
    )
    region.change(lambda r: gr.update(visible=r == _PAINTED), region, painted)
    wish = {
        "task": task,
        "label": label,
        "region": region,
        "painted": painted,
        "num_steps": steps,
        "choice_temperature": choice,
        "sampling_temperature": ids,
        "guidance_scale": guidance,
        "seed": seed,
        "keep_condition": keep,
    }
    return wish, start, stop


def _can_do(model, name):
    return model.num_classes > 0 or not tasks.get(name).uses_class


def _title(name):
    task = tasks.get(name)
    return f"{name.replace('_', ' ')}: {task.description}"


# === Run ==============================================================================


def _runner(model, limits, names):
    def run(clip, *values):
        wish = dict(zip(names, values, strict=True))
        drawing, is_drawn = wish.pop("painted"), wish.pop("region") == _PAINTED
        size = model.video_shape[1:]
        painted = painting.region(drawing, size) if is_drawn else None
        try:
            yield from _run(model, limits, clip, Wish(**wish, painted=painted))
        except ValueError as error:
            text = str(error).replace("`", "")
            yield gr.skip(), figures.message(text, is_error=True), gr.skip()

    return run


def _run(model, limits, clip, wish):
    reads = tasks.get(wish.task).gives_pixels
    given = clip.frames if reads else None
    start = condition(model, wish, clip.frames)
    seen = []
    for view in play(model, wish, clip.frames, limits):
        if view.is_result:
            break
        seen.append(view)
        share = view.undecided.mean()
        text = f"step {view.step}/{view.num_steps}: {share:.0%} undecided"
        frames = tinted(to_frames(view.video), view.undecided)
        yield (
            figures.triptych(given, start, frames, clip.frame_rate, text),
            figures.message(text),
            gr.skip(),
        )
    links = figures.downloads(
        view.video, clip.frame_rate, f"{wish.task}_seed{wish.seed}"
    )
    caption = f"seed {wish.seed}"
    yield (
        figures.triptych(given, start, view.video, clip.frame_rate, caption, links),
        figures.message(f"Done: {_title(wish.task)}, seed {wish.seed}."),
        figures.strip(seen),
    )


def _stopped():
    return figures.message("Stopped.")
