"""What is measured: one job of one model on one backend."""

import argparse
import dataclasses
import hashlib
import json

BACKENDS = ("jax", "tensorflow", "torch", "plain-jax")
WORKS = (
    "encode",
    "decode",
    "forward",
    "generate",
    "train-tokenizer",
    "train-transformer",
)
DTYPES = ("float32", "mixed_bfloat16", "bfloat16", "mixed_float16", "float16")
PADDINGS = ("reflect", "same")

# Tasks and classes of the models: a prompt and a class token stand before the latents.
TASKS = ("frame_prediction", "class_generation")
NUM_CLASSES = 174


# === Models ==========================================================================

_TRANSFORMERS = {
    "tiny": {"num_layers": 2, "num_heads": 4, "hidden_dim": 32, "mlp_dim": 64},
    "B": {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072},
    "L": {"num_layers": 24, "num_heads": 16, "hidden_dim": 1024, "mlp_dim": 4096},
    "H": {"num_layers": 32, "num_heads": 16, "hidden_dim": 1280, "mlp_dim": 5120},
}
_FILTERS = {"tiny": 8, "B": 64, "L": 128, "H": 128}
MODELS = tuple(_TRANSFORMERS)


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of a benchmark; everything that decides what is computed.

    Args:
        work: one of `WORKS`.
        backend: one of `BACKENDS`; "plain-jax" is the stand-in of `plain_jax`.
        dtype: Keras dtype policy.
        model: "B", "L" or "H", the paper's, or "tiny".
        size: height and width of the clips, in pixels.
        frames: T.
        batch: clips a run.
        steps: decoding steps, for "generate".
        padding: borders of the tokenizer's convolutions.
        remat: compute activations again for the gradient.

    Raises:
        ValueError: on a value that is not offered.
    """

    work: str
    backend: str = "jax"
    dtype: str = "float32"
    model: str = "B"
    size: int = 128
    frames: int = 16
    batch: int = 1
    steps: int = 12
    padding: str = "reflect"
    remat: bool = False

    def __post_init__(self):
        for name, offered in (
            ("work", WORKS),
            ("backend", BACKENDS),
            ("dtype", DTYPES),
            ("model", MODELS),
            ("padding", PADDINGS),
        ):
            if getattr(self, name) not in offered:
                raise ValueError(
                    f"`{name}` must be one of {offered}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        for name in ("size", "frames", "batch", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={getattr(self, name)}"
                )
        strides = self.strides
        if any(a % b for a, b in zip(self.video_shape, strides, strict=True)):
            raise ValueError(
                f"Frames, height and width must be multiples of {strides}. "
                f"Received: video_shape={self.video_shape}"
            )
        if self.backend == "plain-jax" and (self.dtype != "float32" or self.remat):
            raise ValueError(
                "The plain JAX code computes in float32, without remat. "
                f"Received: dtype={self.dtype!r}, remat={self.remat}"
            )

    # === The networks =================================================================

    @property
    def video_shape(self):
        """`(T, H, W)`."""
        return (self.frames, self.size, self.size)

    @property
    def tokenizer(self):
        """Arguments of a `VideoTokenizer`; below 128 pixels it has a level less."""
        levels = (1, 2, 2, 4) if self.size >= 128 else (1, 2, 4)
        tiny = self.model == "tiny"
        return {
            "filters": _FILTERS[self.model],
            "channel_multipliers": levels,
            "temporal_downsample": (True, True, False)[: len(levels) - 1],
            "embedding_dim": 16 if tiny else 256,
            "codebook_size": 64 if tiny else 1024,
            "num_res_blocks": 1 if tiny else 2,
            "padding": self.padding,
            "video_shape": self.video_shape,
        }

    @property
    def discriminator(self):
        """Arguments of a `VideoDiscriminator`."""
        levels = (2, 4, 4, 4, 4) if self.size >= 128 else (2, 4, 4, 4)
        return {
            "filters": _FILTERS[self.model],
            "channel_multipliers": levels,
            "video_shape": self.video_shape,
        }

    @property
    def transformer(self):
        """Arguments of a `MaskedVideoTransformer`."""
        return {
            # Ids, classes, and 16 special rows beside the one of "no class".
            "vocabulary_size": self.tokenizer["codebook_size"] + NUM_CLASSES + 17,
            "max_length": self.length,
            **_TRANSFORMERS[self.model],
        }

    @property
    def strides(self):
        """`(t, h, w)` pixels of a latent cell."""
        levels = len(self.tokenizer["channel_multipliers"]) - 1
        return (2 ** sum(self.tokenizer["temporal_downsample"]), 2**levels, 2**levels)

    @property
    def latent_shape(self):
        """`(t, h, w)`."""
        pairs = zip(self.video_shape, self.strides, strict=True)
        return tuple(pixels // stride for pixels, stride in pairs)

    @property
    def num_latents(self):
        """N."""
        t, h, w = self.latent_shape
        return t * h * w

    @property
    def length(self):
        """The transformer's sequence: a prompt, a class, the latents."""
        return 2 + self.num_latents

    # === In words and files ===========================================================

    @property
    def key(self):
        """Names the case in files of results."""
        text = json.dumps(self.config(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self):
        text = f"{self.work} {self.model} {self.frames}x{self.size}x{self.size}"
        if self.batch > 1:
            text += f" batch {self.batch}"
        return f"{text}, {self.backend} {self.dtype}"

    def replace(self, **changes):
        """A copy with some values changed."""
        return dataclasses.replace(self, **changes)

    def config(self):
        """The fields, by name."""
        return dataclasses.asdict(self)

    def arguments(self):
        """What `benchmarks.run` is called with to measure this case."""
        words = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            words.append(f"--{field.name}")
            if value is not True:
                words.append(str(value))
        return words


def add_arguments(parser):
    """Adds the options of a `Case` to a parser."""
    parser.add_argument("--work", required=True, choices=WORKS, help="what to measure")
    parser.add_argument(
        "--backend", default="jax", choices=BACKENDS, help="plain-jax is the stand-in"
    )
    parser.add_argument(
        "--dtype", default="float32", choices=DTYPES, help="Keras policy"
    )
    parser.add_argument(
        "--model", default="B", choices=MODELS, help="size of the networks"
    )
    parser.add_argument(
        "--size", type=int, default=128, help="height and width, pixels"
    )
    parser.add_argument("--frames", type=int, default=16, help="of a clip")
    parser.add_argument("--batch", type=int, default=1, help="clips a run")
    parser.add_argument(
        "--steps", type=int, default=12, help="of decoding, for generate"
    )
    parser.add_argument(
        "--padding",
        default="reflect",
        choices=PADDINGS,
        help="of the tokenizer's borders",
    )
    parser.add_argument(
        "--remat", action=argparse.BooleanOptionalAction, default=False,
        help="training keeps fewer activations",
    )  # fmt: skip


def from_options(options):
    """The `Case` that parsed options describe."""
    names = [field.name for field in dataclasses.fields(Case)]
    return Case(**{name: getattr(options, name) for name in names})
