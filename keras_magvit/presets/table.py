"""Every model of the paper, as data.

Nothing here builds a model: a row holds plain values, and `parameters` follows from
them. Sizes are those of Appendix A, tasks of B.1, sampling of B.3.
"""

import dataclasses
from typing import Any

from keras_magvit.presets import shapes

REFERENCE = "arXiv:2212.05199"

# === Sizes: Appendix A ===============================================================

TOKENIZER_SIZES = {"base": {"filters": 64}, "large": {"filters": 128}}
TRANSFORMER_SIZES = {
    "base": {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072},
    "large": {"num_layers": 24, "num_heads": 16, "hidden_dim": 1024, "mlp_dim": 4096},
    "huge": {"num_layers": 32, "num_heads": 16, "hidden_dim": 1280, "mlp_dim": 5120},
}
LEVELS = {64: (1, 2, 4), 128: (1, 2, 2, 4)}
NUM_FRAMES = 16

# === Sampling: Appendix B.3 ==========================================================

DEFAULT = {"num_steps": 12, "schedule": "cosine", "choice_temperature": 4.5}
BIASED_BAIR = {"num_steps": 12, "schedule": "exp", "choice_temperature": 400.0}
K600 = {"num_steps": 12, "schedule": "uniform", "choice_temperature": 7.5}

# === Tasks: Appendix B.1 =============================================================

SHORT_NAMES = {
    "frame_prediction": "FP",
    "frame_interpolation": "FI",
    "central_outpainting": "OPC",
    "vertical_outpainting": "OPV",
    "horizontal_outpainting": "OPH",
    "dynamic_outpainting": "OPD",
    "central_inpainting": "IPC",
    "dynamic_inpainting": "IPD",
    "class_generation": "CG",
    "class_frame_prediction": "CFP",
    "unconditional_generation": "UNC",
}
FP, FI, OPC, OPV, OPH, OPD, IPC, IPD, CG, CFP, UNC = SHORT_NAMES
MT8 = (FP, FI, OPC, OPV, OPH, OPD, IPC, IPD)
MT10 = (*MT8, CG, CFP)

# === Datasets ========================================================================


@dataclasses.dataclass(frozen=True)
class Dataset:
    """What a dataset decides about its models.

    Args:
        title: its name, as the paper writes it.
        pixels: height and width of the clips.
        num_classes: C; 0 without labels.
        frames: T.
    """

    title: str
    pixels: int = 128
    num_classes: int = 0
    frames: int = NUM_FRAMES

    @property
    def video_shape(self):
        """`(T, H, W)`."""
        return (self.frames, self.pixels, self.pixels)


DATASETS = {
    "k600": Dataset("Kinetics-600"),
    "ucf101": Dataset("UCF-101", num_classes=101),
    "bair": Dataset("BAIR robot pushing", pixels=64),
    "ssv2": Dataset("Something-Something v2", num_classes=174),
    "nuscenes": Dataset("nuScenes"),
    "objectron": Dataset("Objectron"),
    "web": Dataset("12M web videos"),
}

# === Rows ============================================================================


@dataclasses.dataclass(frozen=True)
class Preset:
    """One row.

    Args:
        name: what `from_preset` takes.
        kind: class of the model, "MAGVIT" or "VideoTokenizer".
        size: "base", "large" or "huge"; "micro" and "small" for what ships with the
            package.
        dataset: the dataset it is named after.
        description: one line.
        config: arguments of the constructor; MAGVIT's `transformer` is a size.
        tokenizer: name of the tokenizer's row; None for a tokenizer.
        weights: None if no trained weights exist, otherwise a folder of this package
            or a handle that `from_preset` takes.
        reference: where it was published.
    """

    name: str
    kind: str
    size: str
    dataset: Dataset
    description: str
    config: dict
    tokenizer: str | None = None
    weights: str | None = None
    reference: str = REFERENCE

    @property
    def tasks(self):
        """Names of the tasks it is made for; none for a tokenizer."""
        return self.config.get("tasks", ())

    @property
    def tokenizer_parameters(self):
        """Number of weights of the tokenizer."""
        config = PRESETS[self.tokenizer].config if self.tokenizer else self.config
        return shapes.count(shapes.tokenizer(**config))

    @property
    def transformer_parameters(self):
        """Number of weights of the transformer; 0 for a tokenizer."""
        if self.tokenizer is None:
            return 0
        return shapes.count(shapes.transformer(**self.transformer_config))

    @property
    def parameters(self):
        """Number of weights, tokenizer included."""
        return self.tokenizer_parameters + self.transformer_parameters

    @property
    def transformer_config(self):
        """Arguments of the transformer, with the sizes that follow from the row."""
        tokenizer = PRESETS[self.tokenizer].config
        strides = shapes.strides(**tokenizer)
        pairs = zip(self.dataset.video_shape, strides, strict=True)
        cells = [pixels // stride for pixels, stride in pairs]
        # Several tasks: a prompt token, and 16 special rows. One: [MASK] alone.
        several = len(self.tasks) > 1
        rows = tokenizer["codebook_size"] + self.dataset.num_classes + 1
        return {
            "vocabulary_size": rows + (16 if several else 1),
            "max_length": cells[0] * cells[1] * cells[2] + 1 + several,
            **_arguments(self.config["transformer"]),
        }


def _arguments(transformer):
    named = isinstance(transformer, str)
    return TRANSFORMER_SIZES[transformer] if named else transformer


def _sized(name, size):
    return name if size == "base" else f"{name}_{size}"


def _tokenizer(key, size, temporal_kernel=3):
    dataset = DATASETS[key]
    config = {
        **TOKENIZER_SIZES[size],
        "channel_multipliers": LEVELS[dataset.pixels],
        "temporal_downsample": (True, True, False)[: len(LEVELS[dataset.pixels]) - 1],
        "embedding_dim": 256,
        "codebook_size": 1024,
        "num_res_blocks": 2,
        "padding": "reflect",
        "temporal_kernel": temporal_kernel,
        "video_shape": dataset.video_shape,
    }
    kind, more = "3D-VQ tokenizer", ""
    if temporal_kernel == 1:
        config["temporal_downsample"] = (False,) * (len(LEVELS[dataset.pixels]) - 1)
        kind, more = "2D-VQ tokenizer", ", frame by frame: the ancestor"
    return Preset(
        name=_sized(f"{key}_{kind[0]}dvq", size),
        kind="VideoTokenizer",
        size=size,
        dataset=dataset,
        description=f"{kind} for {dataset.title}{more}",
        config=config,
    )


def _model(name, size, tasks, sampling=DEFAULT, condition_frames=1):
    key = name.partition("_")[0]
    dataset = DATASETS[key]
    if len(tasks) > 1:
        what = f"Multi-task model of {len(tasks)} tasks"
    else:
        what = tasks[0].replace("_", " ").capitalize()
    # The largest transformer comes with the large tokenizer.
    tokenizer = _sized(f"{key}_3dvq", "base" if size == "base" else "large")
    return Preset(
        name=_sized(name, size),
        kind="MAGVIT",
        size=size,
        dataset=dataset,
        description=f"{what} on {dataset.title}",
        config={
            "transformer": size,
            "num_classes": dataset.num_classes,
            "tasks": tasks,
            "condition_frames": condition_frames,
            "sampling": sampling,
        },
        tokenizer=tokenizer,
    )


def _rows():
    for size in ("base", "large"):
        for key in DATASETS:
            yield _tokenizer(key, size)
        yield _tokenizer("ucf101", size, temporal_kernel=1)
        yield _model("k600_fp", size, (FP,), K600, condition_frames=5)
        yield _model("ucf101_cg", size, (CG,))
        yield _model("ucf101_unc", size, (UNC,))
        yield _model("bair_fp", size, (FP,), BIASED_BAIR)
        yield _model("bair_unc", size, (UNC,), BIASED_BAIR)
        yield _model("bair_mt8", size, MT8)
        yield _model("ssv2_mt10", size, MT10)
        yield _model("ssv2_unc", size, (UNC,))
        yield _model("ssv2_fp", size, (FP,))
        yield _model("nuscenes_fp", size, (FP,))
        yield _model("objectron_fi", size, (FI,))
        yield _model("web_mt8", size, MT8)
    yield _model("web_mt8", "huge", MT8)
    yield from _shipped()


def _shipped():
    """The models whose weights are part of this package."""
    yield from _trained_here(
        "moving_digits",
        "micro",
        Dataset("moving digits", pixels=32, num_classes=10, frames=8),
        tokenizer={
            "filters": 16,
            "channel_multipliers": (1, 2, 2),
            "temporal_downsample": (True, False),
            "embedding_dim": 16,
            "codebook_size": 256,
            "num_res_blocks": 1,
        },
        transformer={"num_layers": 4, "num_heads": 4, "hidden_dim": 96, "mlp_dim": 256},
        on="drawn digits, 8 frames of 32 pixels, trained in minutes",
    )
    yield from _trained_here(
        "simulated_pushing",
        "small",
        Dataset("simulated pushing", pixels=64, num_classes=8),
        tokenizer={
            "filters": 32,
            "channel_multipliers": (1, 2, 4),
            "temporal_downsample": (True, True),
            "embedding_dim": 64,
            "codebook_size": 1024,
            "num_res_blocks": 1,
            "num_decoder_res_blocks": 2,
        },
        transformer={
            "num_layers": 6,
            "num_heads": 3,
            "hidden_dim": 192,
            "mlp_dim": 768,
        },
        on="a simulated robot arm, 16 frames of 64 pixels",
    )


def _trained_here(key, size, dataset, tokenizer, transformer, on):
    """A tokenizer and a model of ten tasks, in one folder of `weights`."""
    suffix = f"_{size}" if size == "micro" else ""
    model = f"{key}_mt10{suffix}"
    common: Any = {"size": size, "dataset": dataset, "reference": "this package"}
    yield Preset(
        name=f"{key}_3dvq{suffix}",
        kind="VideoTokenizer",
        description=f"3D-VQ tokenizer for {on}",
        config={
            **tokenizer,
            "padding": "reflect",
            "temporal_kernel": 3,
            "video_shape": dataset.video_shape,
        },
        weights=f"weights/{model}/tokenizer",
        **common,
    )
    yield Preset(
        name=model,
        kind="MAGVIT",
        description=f"Ten tasks on {on}",
        config={
            "transformer": {**transformer, "dropout": 0.0},
            "num_classes": dataset.num_classes,
            "tasks": MT10,
            "condition_frames": 1,
            "sampling": DEFAULT,
        },
        tokenizer=f"{key}_3dvq{suffix}",
        weights=f"weights/{model}",
        **common,
    )


def _sorted(rows):
    """Models first, each dataset's together, from small to large."""
    rows = list(rows)
    order = {row.name: place for place, row in enumerate(rows)}

    def key(row):
        base = row.name.removesuffix(f"_{row.size}")
        return (row.kind != "MAGVIT", order.get(base, order[row.name]), order[row.name])

    return {row.name: row for row in sorted(rows, key=key)}


PRESETS = _sorted(_rows())
