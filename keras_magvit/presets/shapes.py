"""Which weights a config implies, in closed form: no model is built.

Each function takes the arguments of a model's constructor, with the same defaults, and
gives `(label, shape)` for every weight. A preset's numbers and the check of a stranger's
weights file come from here.
"""

import math


def count(pairs):
    """Number of parameters of an iterable of `(label, shape)`."""
    return sum(math.prod(shape) for _, shape in pairs)


def strides(
    channel_multipliers=(1, 2, 2, 4),
    temporal_downsample=(True, True, False),
    temporal_kernel=3,
    **_,
):
    """`(t, h, w)` pixels a latent cell of a `VideoTokenizer` stands for."""
    steps = len(channel_multipliers) - 1
    halvings = sum(temporal_downsample[:steps]) if temporal_kernel > 1 else 0
    return (2**halvings, 2**steps, 2**steps)


# === VideoTokenizer ==================================================================


def tokenizer(
    filters=64,
    channel_multipliers=(1, 2, 2, 4),
    embedding_dim=256,
    codebook_size=1024,
    num_res_blocks=2,
    num_decoder_res_blocks=None,
    temporal_kernel=3,
    **_,
):
    """Weights of a `VideoTokenizer` with a `VectorQuantizer`."""
    kernel = (temporal_kernel, 3, 3)
    widths = [filters * multiplier for multiplier in channel_multipliers]
    decoder_blocks = num_decoder_res_blocks or num_res_blocks

    yield "encoder/stem/kernel", (*kernel, 3, filters)
    width = filters
    # The middle blocks are a last level that does not downsample.
    for level, target in enumerate([*widths, widths[-1]]):
        name = f"encoder/level_{level}"
        yield from _res_blocks(name, kernel, width, target, num_res_blocks)
        width = target if num_res_blocks else width
    yield from _norm("encoder/norm", width)
    yield from _affine("encoder/features", (1, 1, 1, width, embedding_dim))

    yield "quantizer/codebook", (codebook_size, embedding_dim)

    width = widths[-1]
    yield from _affine("decoder/stem", (*kernel, embedding_dim, width))
    yield from _res_blocks("decoder/middle", kernel, width, width, decoder_blocks)
    for level in reversed(range(len(widths))):
        name, target = f"decoder/level_{level}", widths[level]
        yield from _res_blocks(name, kernel, width, target, decoder_blocks)
        width = target if decoder_blocks else width
        if level > 0:
            yield from _affine(f"{name}/up", (*kernel, width, target))
            width = target
    yield from _norm("decoder/norm", width)
    yield from _affine("decoder/video", (*kernel, width, 3))


def _res_blocks(name, kernel, width, target, number):
    for i in range(number):
        yield from _norm(f"{name}/res_{i}/norm_1", width)
        yield f"{name}/res_{i}/conv_1/kernel", (*kernel, width, target)
        yield from _norm(f"{name}/res_{i}/norm_2", target)
        yield f"{name}/res_{i}/conv_2/kernel", (*kernel, target, target)
        if width != target:
            yield f"{name}/res_{i}/shortcut/kernel", (1, 1, 1, width, target)
        width = target


# === MaskedVideoTransformer ==========================================================


def transformer(
    vocabulary_size,
    max_length,
    num_layers=12,
    num_heads=12,
    hidden_dim=768,
    mlp_dim=3072,
    **_,
):
    """Weights of a `MaskedVideoTransformer`."""
    width, heads = hidden_dim, (num_heads, hidden_dim // num_heads)
    yield "token_embedding", (vocabulary_size, width)
    yield "position_embedding", (max_length, width)
    yield from _norm("embedding_norm", width)
    for i in range(num_layers):
        for name in ("query", "key", "value"):
            yield f"block_{i}/attention/{name}/kernel", (width, *heads)
            yield f"block_{i}/attention/{name}/bias", heads
        yield f"block_{i}/attention/output/kernel", (*heads, width)
        yield f"block_{i}/attention/output/bias", (width,)
        yield from _norm(f"block_{i}/attention_norm", width)
        yield from _affine(f"block_{i}/mlp/expand", (width, mlp_dim))
        yield from _affine(f"block_{i}/mlp/contract", (mlp_dim, width))
        yield from _norm(f"block_{i}/mlp_norm", width)
    yield from _affine("head_dense", (width, width))
    yield from _norm("head_norm", width)
    yield "head_bias", (vocabulary_size,)


# === VideoDiscriminator ==============================================================


def discriminator(
    filters=64,
    channel_multipliers=(2, 4, 4, 4, 4),
    video_shape=(16, 128, 128),
    head_size=None,
    **_,
):
    """Weights of a `VideoDiscriminator`."""
    kernel = (3, 3, 3)
    yield from _affine("stem", (*kernel, 3, filters))
    width = filters
    for i, multiplier in enumerate(channel_multipliers):
        target = filters * multiplier
        yield from _affine(f"block_{i}/conv_1", (*kernel, width, width))
        yield f"block_{i}/shortcut/kernel", (1, 1, 1, width, target)
        yield from _affine(f"block_{i}/conv_2", (*kernel, width, target))
        width = target
    yield from _affine("final_conv", (*kernel, width, width))
    if not head_size:
        halvings = 2 ** len(channel_multipliers)
        cells = math.prod(math.ceil(size / halvings) for size in video_shape)
        head_size = cells * width
    yield from _affine("hidden", (head_size, width))
    yield from _affine("logits", (width, 1))


def _norm(name, width):
    yield f"{name}/gamma", (width,)
    yield f"{name}/beta", (width,)


def _affine(name, kernel):
    yield f"{name}/kernel", kernel
    yield f"{name}/bias", kernel[-1:]
