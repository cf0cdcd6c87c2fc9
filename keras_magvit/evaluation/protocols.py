"""How the paper measures each dataset, as data.

A protocol fixes which clips are real, how many are generated and how they are decoded.
A Fréchet distance means nothing without it: it depends on every field of the row.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from keras_magvit.presets.table import BIASED_BAIR, DEFAULT, K600

RANDOM = "random"
RECONSTRUCTION = "reconstruction"

# Appendix B.1; MT8 in the order of Table 11.
FP, FI = "frame_prediction", "frame_interpolation"
CG, CFP = "class_generation", "class_frame_prediction"
MT8 = (
    *(FP, FI, "horizontal_outpainting", "vertical_outpainting"),
    *("central_outpainting", "dynamic_outpainting"),
    *("central_inpainting", "dynamic_inpainting"),
)


@dataclass(frozen=True)
class RealClips:
    """Which clips of a dataset are the real ones.

    Args:
        split: "train", or "test" for what is held out, whatever the dataset calls it.
        windows: windows of a video: a number (spread evenly), "first", "all", or
            "random" for clips at a random place of random videos, one for each
            generated video of a repeat.
        crops: crops of a window, spread over the longer side.

    Example:
        >>> real = km.evaluation.RealClips("test", "first")
    """

    split: str
    windows: int | str
    crops: int = 1

    def __str__(self) -> str:
        if self.windows == RANDOM:
            return f"random clips of the split {self.split!r}"
        crops = "centre crop" if self.crops == 1 else f"{self.crops} crops"
        windows = {"first": "first window", "all": "all windows"}.get(
            str(self.windows), f"{self.windows} windows"
        )
        return f"{windows}, {crops}, of every video of the split {self.split!r}"


@dataclass(frozen=True)
class Protocol:
    """One way to measure.

    Args:
        name: what it is called.
        dataset: name of the dataset, see `data.registry`.
        tasks: names of the tasks, in the order of the paper's table; "reconstruction"
            is the tokenizer alone.
        real: the real clips. Conditions are taken from them, one after another.
        num_samples: generated videos of a repeat; None makes `samples_per_clip` for
            every real clip.
        repeats: how many times that many are made; the result is mean and standard
            deviation over them.
        samples_per_clip: videos made of each condition before the next one.
        size: height and width of real and generated clips.
        measured_size: what they are resized to, bilinearly after a central crop, before
            they are measured; None measures them as they are.
        condition_frames: frames given to frame prediction.
        sampling: arguments of `Sampling`; what is missing is the model's own.
        class_real: the real clips of tasks that start from a class alone; None is
            `real`.
        reads_motion: whether the classes that are asked for are read from what was made,
            by `networks.motion_classifier`: of simulated pushing, whose motions it knows.
        inception_score: whether the paper has it: of UCF-101, whose classes it knows.
        num_frames: T.
        reference: where it is from.

    Example:
        >>> real = km.evaluation.RealClips("test", "first")
        >>> mine = km.evaluation.Protocol("mine", "videos/", ("frame_prediction",), real, None)
    """

    name: str
    dataset: str
    tasks: tuple[str, ...]
    real: RealClips
    num_samples: int | None
    repeats: int = 1
    samples_per_clip: int = 1
    size: int = 128
    measured_size: int | None = None
    condition_frames: int = 1
    sampling: Mapping[str, Any] = field(default_factory=dict)
    class_real: RealClips | None = None
    inception_score: bool = False
    reads_motion: bool = False
    num_frames: int = 16
    reference: str = "arXiv:2212.05199, appendix B.3"

    def real_of(self, needs_pixels: bool) -> RealClips:
        """The real clips of a task that starts from pixels, or from none."""
        return self.real if needs_pixels or not self.class_real else self.class_real

    def as_dict(self) -> dict[str, Any]:
        """As a dict that JSON can hold."""
        return {**asdict(self), "sampling": dict(self.sampling)}


_OURS = "keras_magvit, after arXiv:2212.05199"
_SIMULATED = (*MT8, CG, CFP, RECONSTRUCTION)

_ROWS = (
    Protocol(
        "bair",
        "bair",
        (FP,),
        RealClips("test", "first"),
        num_samples=25_600,
        repeats=4,
        samples_per_clip=100,
        size=64,
        sampling=BIASED_BAIR,
    ),
    Protocol(
        "bair_debiased",
        "bair",
        MT8,
        RealClips("test", "all"),
        num_samples=None,
        size=64,
        sampling=DEFAULT,
    ),
    Protocol(
        "ucf101",
        "ucf101",
        (CG,),
        RealClips("train", RANDOM),
        num_samples=10_000,
        repeats=4,
        sampling=DEFAULT,
        inception_score=True,
    ),
    Protocol(
        "ucf101_reconstruction",
        "ucf101",
        (RECONSTRUCTION,),
        RealClips("train", RANDOM),
        num_samples=10_000,
        repeats=4,
        inception_score=True,
        reference="arXiv:2212.05199, table 7; counts as for generation",
    ),
    Protocol(
        "kinetics600",
        "kinetics600",
        (FP,),
        RealClips("test", 2, crops=3),
        num_samples=50_000,
        repeats=4,
        measured_size=64,
        condition_frames=5,
        sampling=K600,
    ),
    Protocol(
        "ssv2",
        "ssv2",
        (*MT8, CG, CFP),
        RealClips("test", 2),
        num_samples=50_000,
        repeats=4,
        sampling=DEFAULT,
        class_real=RealClips("train", RANDOM),
    ),
    Protocol(
        "nuscenes",
        "nuscenes",
        (FP,),
        RealClips("test", 16, crops=3),
        num_samples=50_000,
        repeats=4,
        sampling=DEFAULT,
    ),
    Protocol(
        "objectron",
        "objectron",
        (FI,),
        RealClips("test", 5),
        num_samples=50_000,
        repeats=4,
        sampling=DEFAULT,
    ),
    Protocol(
        "web",
        "web",
        MT8,
        RealClips("test", RANDOM),
        num_samples=50_000,
        repeats=4,
        sampling=DEFAULT,
    ),
    Protocol(
        "simulated_pushing",
        "simulated_pushing",
        _SIMULATED,
        RealClips("test", "first"),
        num_samples=None,
        size=64,
        reads_motion=True,
        reference=_OURS,
    ),
    Protocol(
        "simulated_pushing_debiased",
        "simulated_pushing",
        _SIMULATED,
        RealClips("test", "all"),
        num_samples=None,
        size=64,
        reads_motion=True,
        reference=_OURS,
    ),
)

PROTOCOLS = {row.name: row for row in _ROWS}


def get(name: str | Protocol) -> Protocol:
    """Looks a protocol up.

    Args:
        name: a key of `PROTOCOLS`, or a `Protocol`, which is returned as it is.

    Raises:
        ValueError: if there is none of that name.
    """
    if isinstance(name, Protocol):
        return name
    if name not in PROTOCOLS:
        raise ValueError(
            f"`protocol` must be one of {list(PROTOCOLS)}. Received: protocol={name!r}"
        )
    return PROTOCOLS[name]
