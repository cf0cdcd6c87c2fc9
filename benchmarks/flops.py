"""Floating-point operations, counted from the layers.

A product of `(n, a)` and `(a, b)` is 2nab operations; a convolution is one product for
each tap of its kernel at each output, borders included. Everything else (norms,
activations, softmax, optimizers) is not counted: it is what the machine should be too
fast for to matter.

    transformer    2 n E (4E + 2M) a layer, 4 n L E for its attention
    backward       twice the forward pass: one product for the input, one for the weights
    R1             the gradient of a gradient: a chain of linear maps and leaky ReLUs, run
                   forwards once more and pulled back
"""

import math
from typing import NamedTuple


class Layer(NamedTuple):
    """A product or a convolution, with how often it is computed.

    Attributes:
        name: what it is.
        kind: "matmul", "attention" or "conv".
        cells: rows of the product, outputs of the convolution; the batch is in it.
        inputs: channels in.
        outputs: channels out.
        kernel: taps along each axis.
        grid: `(B, T, H, W)` of a convolution's outputs.
        times: how often a run computes it.
    """

    name: str
    kind: str
    cells: int
    inputs: int
    outputs: int
    kernel: tuple = ()
    grid: tuple = ()
    times: int = 1

    @property
    def flops(self):
        """Operations of a run."""
        taps = math.prod(self.kernel)
        return 2 * self.cells * self.inputs * self.outputs * taps * self.times


def total(layers):
    """Operations of a run by kind: `{"matmul": ..., "conv": ...}`."""
    sums = {"matmul": 0, "conv": 0}
    for layer in layers:
        sums["conv" if layer.kind == "conv" else "matmul"] += layer.flops
    return sums


def of(case):
    """The layers that a run of a `Case` computes."""
    return _WORKS[case.work](case)


# === Networks ========================================================================


def _conv(name, grid, inputs, outputs, kernel=(3, 3, 3)):
    return Layer(name, "conv", math.prod(grid), inputs, outputs, kernel, grid)


def _res_blocks(name, grid, width, target, count, kernel):
    for i in range(count):
        yield _conv(f"{name}/res_{i}/conv_1", grid, width, target, kernel)
        yield _conv(f"{name}/res_{i}/conv_2", grid, target, target, kernel)
        if width != target:
            yield _conv(f"{name}/res_{i}/shortcut", grid, width, target, (1, 1, 1))
        width = target


def _grids(case):
    """`(B, T, H, W)` of each level of the tokenizer, from pixels to latents."""
    grids = [(case.batch, *case.video_shape)]
    for halves_time in case.tokenizer["temporal_downsample"]:
        b, t, h, w = grids[-1]
        grids.append((b, t // (1 + halves_time), h // 2, w // 2))
    return grids


def encoder(case, kernel=(3, 3, 3)):
    """Convolutions of the encoder, in order."""
    config, grids = case.tokenizer, _grids(case)
    widths = [config["filters"] * m for m in config["channel_multipliers"]]
    count = config["num_res_blocks"]
    yield _conv("encoder/stem", grids[0], 3, widths[0], kernel)
    width = widths[0]
    for level, target in enumerate([*widths, widths[-1]]):
        grid = grids[min(level, len(grids) - 1)]
        yield from _res_blocks(
            f"encoder/level_{level}", grid, width, target, count, kernel
        )
        width = target
    yield _conv(
        "encoder/features", grids[-1], width, config["embedding_dim"], (1, 1, 1)
    )


def quantizer(case):
    """The distances to all codes."""
    config = case.tokenizer
    cells = case.batch * case.num_latents
    sizes = config["embedding_dim"], config["codebook_size"]
    yield Layer("quantizer/distances", "matmul", cells, *sizes)


def decoder(case, kernel=(3, 3, 3)):
    """Convolutions of the decoder, in order."""
    config, grids = case.tokenizer, _grids(case)
    widths = [config["filters"] * m for m in config["channel_multipliers"]]
    count, width = config["num_res_blocks"], widths[-1]
    yield _conv("decoder/stem", grids[-1], config["embedding_dim"], width, kernel)
    yield from _res_blocks("decoder/middle", grids[-1], width, width, count, kernel)
    for level in reversed(range(len(widths))):
        name, target = f"decoder/level_{level}", widths[level]
        yield from _res_blocks(name, grids[level], width, target, count, kernel)
        width = target
        if level > 0:
            yield _conv(f"{name}/up", grids[level - 1], width, width, kernel)
    yield _conv("decoder/video", grids[0], width, 3, kernel)


def discriminator(case):
    """Layers of the discriminator on one batch, in order."""
    config = case.discriminator
    grid, width = (case.batch, *case.video_shape), config["filters"]
    yield _conv("discriminator/stem", grid, 3, width)
    for i, multiplier in enumerate(config["channel_multipliers"]):
        name, target = f"discriminator/block_{i}", config["filters"] * multiplier
        yield _conv(f"{name}/conv_1", grid, width, width)
        grid = (grid[0], *(math.ceil(size / 2) for size in grid[1:]))
        yield _conv(f"{name}/shortcut", grid, width, target, (1, 1, 1))
        yield _conv(f"{name}/conv_2", grid, width, target)
        width = target
    yield _conv("discriminator/final_conv", grid, width, width)
    flat = math.prod(grid[1:]) * width
    yield Layer("discriminator/hidden", "matmul", case.batch, flat, width)
    yield Layer("discriminator/logits", "matmul", case.batch, width, 1)


def transformer(config, batch, length, predicted=None):
    """Products of one forward pass.

    Args:
        config: arguments of a `MaskedVideoTransformer`.
        batch: B.
        length: L.
        predicted: positions whose logits are computed; None takes all.
    """
    width, cells = config["hidden_dim"], batch * length
    for i in range(config["num_layers"]):
        for name in ("query", "key", "value", "output"):
            yield Layer(f"block_{i}/attention/{name}", "matmul", cells, width, width)
        yield Layer(f"block_{i}/attention/scores", "attention", cells, width, length)
        yield Layer(f"block_{i}/attention/mix", "attention", cells, length, width)
        yield Layer(f"block_{i}/mlp/expand", "matmul", cells, width, config["mlp_dim"])
        yield Layer(
            f"block_{i}/mlp/contract", "matmul", cells, config["mlp_dim"], width
        )
    cells = batch * (predicted or length)
    yield Layer("head/dense", "matmul", cells, width, width)
    yield Layer("head/logits", "matmul", cells, width, config["vocabulary_size"])


# === Works ===========================================================================


def _encode(case):
    return [*encoder(case), *quantizer(case)]


def _decode(case):
    return list(decoder(case))


def _forward(case):
    return list(transformer(case.transformer, case.batch, case.length))


def _generate(case):
    step = transformer(case.transformer, case.batch, case.length, case.num_latents)
    return [*(layer._replace(times=case.steps) for layer in step), *decoder(case)]


def _train_transformer(case):
    step = transformer(case.transformer, case.batch, case.length, case.num_latents)
    return [layer._replace(times=3) for layer in step]


def _train_tokenizer(case):
    chain = [*encoder(case), *quantizer(case), *decoder(case)]
    # Nothing asks for the gradient of the video.
    trained = [
        layer._replace(times=2 if i == 0 else 3) for i, layer in enumerate(chain)
    ]
    judged = list(discriminator(case))
    last = len(judged) - 1
    # Real clips: forward; the gradient of the clip; and, for the weights, that of both:
    # two products for the gradient's chain, two for the forward one. The chain of the
    # gradient begins with a constant, the forward one with the clip.
    real = [
        layer._replace(name=f"{layer.name} (real)", times=6 - (i in (0, last)))
        for i, layer in enumerate(judged)
    ]
    # Reconstructions: forward, a pull-back for the discriminator, one for the tokenizer.
    fake = [
        layer._replace(name=f"{layer.name} (fake)", times=4 - (i == 0))
        for i, layer in enumerate(judged)
    ]
    return [*trained, *real, *fake]


_WORKS = {
    "encode": _encode,
    "decode": _decode,
    "forward": _forward,
    "generate": _generate,
    "train-tokenizer": _train_tokenizer,
    "train-transformer": _train_transformer,
}
