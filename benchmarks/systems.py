"""The systems of Figure 5: what a step of each computes, and how many there are."""

import dataclasses
from collections.abc import Callable

import numpy as np

from benchmarks import frameworks, jobs
from benchmarks.case import Case


@dataclasses.dataclass(frozen=True)
class System:
    """One method of making videos.

    Args:
        title: its name.
        sequence: function of a `Case` to the number of tokens, or of pixels.
        steps: function of a `Case` to the steps of a clip.
        step: function of a `Case` to a function without arguments that computes one.
        temporal_kernel: of its tokenizer: 3, or 1 for frame by frame; None without.
        note: what was left out, or is like something else.
    """

    title: str
    sequence: Callable
    steps: Callable
    step: Callable
    temporal_kernel: int | None
    note: str = ""


def measure(system, case, clock):
    """Times steps, and then decodings of the tokenizer.

    Args:
        system: a `System`.
        case: `Case`; its work is not read.
        clock: function without arguments that makes a `Clock`.

    Returns:
        dict with "step_seconds" and "tokenizer_seconds" of a batch.
    """
    jobs.set_policy(case)
    found = {"step_seconds": _median(system.step(case), case, clock())}
    found["tokenizer_seconds"] = 0.0
    if system.temporal_kernel:
        tokenizer, ids = _tokenizer(system, case)
        decode = _median(lambda: tokenizer.decode(ids), case, clock())
        found["tokenizer_seconds"] = decode
    return found


def _median(function, case, clock):
    jobs.repeat(case, clock, function)
    return clock.result()["seconds"]


def _tokenizer(system, case):
    import keras_magvit as km

    config = dict(case.tokenizer, temporal_kernel=system.temporal_kernel)
    if system.temporal_kernel == 1:
        config["temporal_downsample"] = (False,) * len(config["temporal_downsample"])
    tokenizer = km.VideoTokenizer(**config)
    shape = (case.batch, *tokenizer.latent_shape)
    codes = config["codebook_size"]
    return tokenizer, np.random.default_rng(0).integers(0, codes, shape, "int32")


# === Steps ===========================================================================


def frame_grid(case):
    """`(T, h, w)`: the tokens of a tokenizer that works frame by frame."""
    return (case.frames, *case.latent_shape[1:])


def _tokens_by_frame(case):
    return int(np.prod(frame_grid(case)))


def _compiled(network, *arguments):
    from keras_magvit import backend

    run = backend.compile_inference(network, network)
    return lambda: run(*arguments)


def _ids(case, length):
    codes = case.tokenizer["codebook_size"]
    return np.random.default_rng(0).integers(0, codes, (case.batch, length), "int32")


def _masked(tokens):
    """A forward pass over a prompt, a class, and `tokens(case)` tokens."""

    def step(case):
        from benchmarks import rivals

        length = 2 + tokens(case)
        return _compiled(rivals.transformer(case, length), _ids(case, length))

    return step


def _windowed(case):
    from benchmarks import rivals

    grid, length = frame_grid(case), _tokens_by_frame(case)
    window = [min(4, size) for size in grid[1:]]
    network = rivals.WindowTransformer(rivals.transformer(case, length), grid, window)
    return _compiled(network, _ids(case, length))


def _one_token(case):
    from benchmarks import rivals

    network = rivals.transformer(case, case.length)
    width, heads = network.hidden_dim, network.num_heads
    shape = (network.num_layers, 2, case.batch, case.length - 1, heads, width // heads)
    cache = np.random.default_rng(0).standard_normal(shape, "float32")
    cache = frameworks.of(case.backend).tensor(
        cache, frameworks.compute_dtype(case.dtype)
    )
    return _compiled(rivals.CachedStep(network), _ids(case, 1), cache)


def _denoising(case):
    from benchmarks import rivals

    small = {"filters": 64, "multipliers": (1, 1)} if case.model == "tiny" else {}
    network = rivals.VideoUNet(video_shape=case.video_shape, **small)
    return _compiled(network, jobs.video(case))


# === The table =======================================================================

SYSTEMS = {
    "magvit": System(
        "MAGVIT",
        lambda case: case.num_latents,
        lambda case: case.steps,
        _masked(lambda case: case.num_latents),
        3,
    ),
    "maskgit-2d": System(
        "MaskGIT, 2D tokens",
        _tokens_by_frame,
        lambda case: case.steps,
        _masked(_tokens_by_frame),
        1,
        "the same transformer over the tokens of a tokenizer that works frame by frame",
    ),
    "maskvit": System(
        "MaskViT-like",
        _tokens_by_frame,
        lambda case: 18,
        _windowed,
        1,
        "the same blocks, in turns within frames and within columns of 4 x 4",
    ),
    "autoregressive": System(
        "Autoregressive",
        lambda case: case.num_latents,
        lambda case: case.num_latents,
        _one_token,
        3,
        "the same transformer, with keys and values kept; the last step, the longest, "
        "stands for all",
    ),
    "diffusion": System(
        "Video diffusion U-Net",
        lambda case: int(np.prod(case.video_shape)),
        lambda case: 256,
        _denoising,
        None,
        "110M weights, MAGVIT B has 128M; in pixels, without guidance",
    ),
}


def case_of(backend, dtype, model, size, frames=16):
    """The `Case` of a system at a resolution."""
    return Case("forward", backend, dtype, model, size, frames)
