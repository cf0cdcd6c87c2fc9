"""A model card: what a preset is, how to load it, what it was made of and scored.

Written from what lies in the folder: config.json and metadata.json. How it was trained
and what it scored are handed in, as the folder does not know.
"""

import os
import re

from keras_magvit import tasks
from keras_magvit.presets import checking, shapes
from keras_magvit.presets.errors import PresetError, Refusal, reason
from keras_magvit.presets.folder import CONFIG, METADATA, PARTS, VERSION_KEY, Folder
from keras_magvit.presets.table import SHORT_NAMES

FILE = "README.md"
PAPER = "[MAGVIT](https://arxiv.org/abs/2212.05199)"
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_UNKNOWN_TRAINING = "How this model was trained is not recorded here."
_UNKNOWN_SCORES = "No measurement is recorded here: measure it before you rely on it."


def model_card(
    folder,
    name,
    *,
    license="apache-2.0",
    description=None,
    training=None,
    report=None,
    limits=(),
    pictures=(),
):
    """The text of a model card.

    Args:
        folder: of the preset.
        name: what `from_preset` takes: a name of the table, a handle, or a folder.
        license: SPDX name of the licence of the weights.
        description: one sentence that the card starts with.
        training: title of a stage -> `[(what, value)]`.
        report: Markdown of an evaluation, such as report.md of `keras-magvit evaluate`.
        limits: sentences on what the model cannot do.
        pictures: names of files in the folder that are shown.

    Returns:
        Markdown, with the block of metadata that hubs read in front.

    Raises:
        PresetError: a `ValueError`, if the folder holds no preset.
        ValueError: if the licence is no SPDX name.

    Example:
        >>> model.save_to_preset("my_model/")
        >>> print(km.presets.model_card("my_model/", "hf://user/my_model"))
    """
    check_license(license)
    try:
        facts = _Facts(Folder(os.fspath(folder)))
        sections = [
            _front(facts, license),
            f"# {os.path.basename(name.rstrip('/'))}\n\n{_opening(facts, description)}",
            _section("Use", _usage(facts, name)),
            _section("Tasks", _table(("task", "short", "what it does"), facts.tasks)),
            _section("Architecture", _table(("", ""), facts.architecture)),
            _section("Training", _training(training, pictures)),
            _section("Measured", _demoted(report) if report else _UNKNOWN_SCORES),
            _section("Limits", _bullets([*facts.limits, *limits])),
            _section("Licence", _licence(license)),
        ]
        return "\n\n".join(text for text in sections if text) + "\n"
    except Refusal as refusal:
        raise PresetError(refusal, folder, "folder") from refusal.__cause__
    except (ArithmeticError, IndexError, KeyError, TypeError, ValueError) as error:
        message = f"config.json does not describe a model: {reason(error)}."
        raise PresetError(message, folder, "folder") from error


def check_license(license):
    """Refuses what would not stand on one line of the card's metadata."""
    if not (isinstance(license, str) and _SPDX.fullmatch(license)):
        raise ValueError(
            "`license` must be an SPDX name such as 'apache-2.0' or 'cc-by-4.0'. "
            f"Received: license={license!r}"
        )


# === What the folder knows ===========================================================


class _Facts:
    """What config.json and metadata.json tell.

    Args:
        folder: `Folder`.
    """

    def __init__(self, folder):
        tree = folder.read_json(CONFIG)
        cls = checking.check_tree(tree)
        self.kind = cls.__name__
        self.config = tree["config"]
        self.metadata = folder.read_json(METADATA)
        self.parts = {}
        for part in PARTS if cls.preset_parts else ():
            self.parts[part] = folder.part(part).read_json(CONFIG)
        self.parameters = self.metadata.get("parameter_count", 0)

    @property
    def tokenizer(self):
        """Arguments of the tokenizer; empty for a transformer alone."""
        part = self.parts.get("tokenizer", {"config": self.config})["config"]
        return part if "codebook_size" in part else {}

    @property
    def video_shape(self):
        """`(T, H, W)`, or None for a transformer alone."""
        return self.config.get("video_shape") or self.tokenizer.get("video_shape")

    @property
    def tasks(self):
        """`(name, short, what it does)` of each task, in the model's order."""
        rows = []
        for name in self.config.get("tasks", ()):
            known = name in SHORT_NAMES
            description = tasks.get(name).description if known else "a task of its own"
            rows.append((f"`{name}`", SHORT_NAMES.get(name, ""), description))
        return rows

    @property
    def architecture(self):
        """`(what, value)` rows."""
        rows = [("parameters", f"{self.parameters:,}")]
        if self.video_shape:
            rows.append(("clips", "{} frames of {}x{}".format(*self.video_shape)))
        if self.tokenizer:
            strides = shapes.strides(**self.tokenizer)
            pairs = zip(self.video_shape, strides, strict=True)
            cells = "x".join(str(size // stride) for size, stride in pairs)
            codes = self.tokenizer["codebook_size"]
            rows.append(("tokens of a clip", f"{cells}, codebook of {codes:,}"))
        transformer = self.parts.get("transformer", {}).get("config", {})
        if transformer:
            sizes = "{num_layers} layers, {num_heads} heads, width {hidden_dim}"
            rows.append(("transformer", sizes.format(**transformer)))
        if self.config.get("num_classes"):
            rows.append(("classes", self.config["num_classes"]))
        if self.config.get("sampling"):
            chosen = {k: v for k, v in self.config["sampling"].items() if v}
            rows.append(("decoding", ", ".join(f"{k} {v}" for k, v in chosen.items())))
        versions = f"keras_magvit {self.metadata.get(VERSION_KEY, '?')}"
        versions += f", Keras {self.metadata.get('keras_version', '?')}"
        date = str(self.metadata.get("date_saved", "")).partition("@")[0]
        return [*rows, ("written by", f"{versions}, {date}".rstrip(", "))]

    @property
    def limits(self):
        """What holds for every model of this kind."""
        if not self.video_shape:
            return ["It predicts ids of its own tokenizer alone."]
        shape = "{} frames of {}x{} pixels".format(*self.video_shape)
        lines = [
            f"It knows clips of {shape}, and what it was trained on: other videos are "
            "foreign to it.",
            "Every video passes the tokenizer, so fine detail is lost even where it "
            "was given.",
        ]
        if self.parts:
            lines.append("What it makes up looks plausible at best; it is no forecast.")
        return lines


# === Sections ========================================================================


def _front(facts, license):
    lines = ["---", f"license: {license}", "library_name: keras"]
    if facts.parts:
        lines.append("pipeline_tag: video-to-video")
    tags = ("keras", "keras-magvit", "video-generation", "masked-transformer")
    return "\n".join([*lines, "tags:", *(f"- {tag}" for tag in tags), "---"])


def _opening(facts, description):
    what = {
        "MAGVIT": f"A {PAPER} model: a masked transformer over the ids of a video "
        "tokenizer",
        "VideoTokenizer": f"The video tokenizer of a {PAPER} model",
        "MaskedVideoTransformer": f"The transformer of a {PAPER} model",
    }.get(facts.kind, f"A `{facts.kind}`, made with {PAPER} for Keras")
    opening = f"{what}, for Keras 3 on JAX, TensorFlow and PyTorch."
    return f"{description.strip()}\n\n{opening}" if description else opening


def _usage(facts, name):
    extra = {"hf": "hub,", "kaggle": "hub,"}.get(name.partition("://")[0], "")
    lines = [
        f'    pip install "keras-magvit[{extra}jax,video]"  # or tensorflow, or torch',
        "",
        "    import keras_magvit as km",
        f'    model = km.{facts.kind}.from_preset("{name}")',
    ]
    if facts.kind == "MAGVIT":
        lines.append(f"    video = model.generate({_call(facts.config['tasks'][0])})")
    elif facts.kind == "VideoTokenizer":
        lines.append("    ids = model.encode(clip)  # (B,T,H,W,3) in [0, 1]")
        lines.append("    video = model.decode(ids)")
    return "\n".join(lines)


def _call(task):
    given = {
        "class_generation": "labels=[0]",
        "unconditional_generation": "num_samples=1",
        "class_frame_prediction": "video=clip, labels=[0]",
    }.get(task, "video=clip")
    return f'"{task}", {given}, seed=1'


def _training(stages, pictures):
    blocks = []
    for title, rows in (stages or {}).items():
        blocks.append(f"### {title}\n\n{_table(('', ''), rows)}")
    for file in pictures:
        stem = os.path.splitext(file)[0].replace("_", " ")
        blocks.append(f"![{stem}]({file})")
    return "\n\n".join(blocks) or _UNKNOWN_TRAINING


def _demoted(markdown):
    """A page's headings become those of a section; its title becomes a line."""
    title, *lines = markdown.strip().splitlines()
    lines = [f"#{line}" if line.startswith("#") else line for line in lines]
    return "\n".join([title.lstrip("# "), *lines])


def _licence(license):
    return (
        f"The weights: {license}. The code, keras_magvit: Apache-2.0. Weights of other "
        "networks that looked on while it was trained or measured are not part of it."
    )


# === Markdown ========================================================================


def _section(title, text):
    return f"## {title}\n\n{text}" if text else ""


def _bullets(sentences):
    return "\n".join(f"- {' '.join(sentence.split())}" for sentence in sentences)


def _table(heading, rows):
    rows = list(rows)
    if not rows:
        return ""
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value):
    return " ".join(str(value).split()).replace("|", "\\|")
