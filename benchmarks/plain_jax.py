"""MAGVIT in plain JAX, float32: what the package is compared with.

The arithmetic of the official code with nothing done for speed: `conv_general_dilated`
in 3D, `einsum`, `jit`. It stands in for that code, whose speed it has. Weights are a flat
dict, named as in `keras_magvit.presets.shapes`; `weights_of` takes them from a model.

Reference: google-research/magvit; `tests/benchmarks/test_plain_jax.py` holds it to the
package.
"""

import functools
import math

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from keras_magvit.presets import shapes

MASK = -1


def random_weights(pairs, seed=0):
    """Weights for `(name, shape)` pairs of `presets.shapes`, at the usual scales."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in pairs:
        if name.endswith(("gamma", "beta", "bias")):
            weights[name] = np.full(shape, name.endswith("gamma"), "float32")
        else:
            inputs = shape[0] if "attention" in name else math.prod(shape[:-1])
            scale = 0.02 if "embedding" in name else 1 / math.sqrt(inputs)
            weights[name] = (scale * rng.standard_normal(shape)).astype("float32")
    return {name: jnp.asarray(value) for name, value in weights.items()}


def weights_of(model, pairs):
    """The weights of a `VideoTokenizer`, `VideoDiscriminator` or transformer.

    A transformer's are found by their paths; the others' stand in the order of `pairs`.
    """
    names = [name for name, _ in pairs]
    variables = [v for v in model.weights if v.dtype == "float32"]  # no random states
    paths = [v.path.partition("/")[2].removesuffix("/embeddings") for v in variables]
    if set(paths) != set(names):
        paths = names
    values = [jnp.asarray(keras.ops.convert_to_numpy(v)) for v in variables]
    return dict(zip(paths, values, strict=True))


# === Layers ==========================================================================


def conv(weights, name, x, border="same"):
    """A 3D convolution that keeps T, H and W, of `(B, T, H, W, C)`."""
    kernel = weights[f"{name}/kernel"]
    if border == "reflect":
        pads = [(0, 0), *((k // 2, k // 2) for k in kernel.shape[:3]), (0, 0)]
        x = jnp.pad(x, pads, "reflect")
    y = lax.conv_general_dilated(
        x,
        kernel,
        (1, 1, 1),
        "VALID" if border == "reflect" else "SAME",
        dimension_numbers=("NDHWC", "DHWIO", "NDHWC"),
    )
    bias = weights.get(f"{name}/bias")
    return y if bias is None else y + bias


def dense(weights, name, x):
    """`x @ kernel + bias`."""
    return (
        jnp.einsum("...i,io->...o", x, weights[f"{name}/kernel"])
        + weights[f"{name}/bias"]
    )


def group_norm(weights, name, x, epsilon=1e-6):
    """Normalizes groups of channels over T, H, W, as `flax.linen.GroupNorm` does."""
    batch, *_, channels = x.shape
    groups = min(32, channels)
    grouped = x.reshape(batch, -1, groups, channels // groups)
    mean = jnp.mean(grouped, axis=(1, 3), keepdims=True)
    square = jnp.mean(jnp.square(grouped), axis=(1, 3), keepdims=True)
    scale = lax.rsqrt(jnp.maximum(square - jnp.square(mean), 0.0) + epsilon)
    y = ((grouped - mean) * scale).reshape(x.shape)
    return y * weights[f"{name}/gamma"] + weights[f"{name}/beta"]


def layer_norm(weights, name, x, epsilon=1e-12):
    """Normalizes the last axis."""
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(jnp.square(x - mean), axis=-1, keepdims=True)
    y = (x - mean) * lax.rsqrt(variance + epsilon)
    return y * weights[f"{name}/gamma"] + weights[f"{name}/beta"]


def average_pool(x, size):
    """Means over blocks of `size = (t, h, w)`; cut blocks average what they have."""
    window = (1, *size, 1)

    def total(value):
        return lax.reduce_window(value, 0.0, lax.add, window, window, "SAME")

    return total(x) / total(jnp.ones((1, *x.shape[1:-1], 1)))


def res_block(weights, name, x, border):
    """norm, swish, conv, twice; plus the input."""
    y = jax.nn.swish(group_norm(weights, f"{name}/norm_1", x))
    y = conv(weights, f"{name}/conv_1", y, border)
    y = jax.nn.swish(group_norm(weights, f"{name}/norm_2", y))
    y = conv(weights, f"{name}/conv_2", y, border)
    if f"{name}/shortcut/kernel" in weights:
        x = conv(weights, f"{name}/shortcut", x, border)
    return x + y


# === Tokenizer =======================================================================


def encode_features(weights, config, video):
    """`(B, T, H, W, 3)` to `(B, t, h, w, D)`."""
    border, steps = config["padding"], config["temporal_downsample"]
    x = conv(weights, "encoder/stem", video, border)
    for level in range(len(steps) + 2):  # the last one is the middle
        for i in range(config["num_res_blocks"]):
            x = res_block(weights, f"encoder/level_{level}/res_{i}", x, border)
        if level < len(steps):
            x = average_pool(x, (1 + steps[level], 2, 2))
    x = jax.nn.swish(group_norm(weights, "encoder/norm", x))
    return conv(weights, "encoder/features", x, border)


def distances(weights, features):
    """Squared distances to every code, `(n, K)`."""
    codes = weights["quantizer/codebook"]
    flat = features.reshape(-1, codes.shape[1])
    squares = jnp.sum(flat**2, axis=1, keepdims=True) + jnp.sum(codes**2, axis=1)
    return squares - 2 * flat @ codes.T


def encode(weights, config, video):
    """`(B, T, H, W, 3)` to int32 `(B, t, h, w)`."""
    features = encode_features(weights, config, video)
    return jnp.argmin(distances(weights, features), axis=1).reshape(features.shape[:-1])


def decode_features(weights, config, features):
    """`(B, t, h, w, D)` to `(B, T, H, W, 3)`."""
    border, steps = config["padding"], config["temporal_downsample"]
    blocks = range(config["num_res_blocks"])
    x = conv(weights, "decoder/stem", features, border)
    for i in blocks:
        x = res_block(weights, f"decoder/middle/res_{i}", x, border)
    for level in reversed(range(len(steps) + 1)):
        for i in blocks:
            x = res_block(weights, f"decoder/level_{level}/res_{i}", x, border)
        if level > 0:
            batch, t, h, w, width = x.shape
            larger = (batch, t * (1 + steps[level - 1]), h * 2, w * 2, width)
            x = jax.image.resize(x, larger, "nearest")
            x = conv(weights, f"decoder/level_{level}/up", x, border)
    x = jax.nn.swish(group_norm(weights, "decoder/norm", x))
    return conv(weights, "decoder/video", x, border)


def decode(weights, config, ids):
    """int32 `(B, t, h, w)` to `(B, T, H, W, 3)`."""
    return decode_features(weights, config, weights["quantizer/codebook"][ids])


# === Discriminator ===================================================================


def discriminate(weights, config, video):
    """`(B, T, H, W, 3)` to logits `(B, 1)`."""
    leaky = functools.partial(jax.nn.leaky_relu, negative_slope=0.2)
    x = leaky(conv(weights, "stem", video))
    for i in range(len(config["channel_multipliers"])):
        shortcut = average_pool(x, (2, 2, 2))
        shortcut = conv(weights, f"block_{i}/shortcut", shortcut)
        y = leaky(conv(weights, f"block_{i}/conv_1", x))
        y = leaky(conv(weights, f"block_{i}/conv_2", average_pool(y, (2, 2, 2))))
        x = (shortcut + y) / math.sqrt(2)
    x = leaky(conv(weights, "final_conv", x))
    x = leaky(dense(weights, "hidden", x.reshape(len(x), -1)))
    return dense(weights, "logits", x)


# === Transformer =====================================================================


def transform(weights, config, ids, key=None, dropout=0.1):
    """int32 `(B, L)` to logits `(B, L, V)`; with a key, with dropout."""
    keys = iter(
        () if key is None else jax.random.split(key, 3 * config["num_layers"] + 1)
    )

    def dropped(x, shape=None):
        if key is None:
            return x
        kept = jax.random.bernoulli(next(keys), 1 - dropout, shape or x.shape)
        return jnp.where(kept, x / (1 - dropout), 0.0)

    table = weights["token_embedding"]
    x = table[ids] + weights["position_embedding"][: ids.shape[1]]
    x = dropped(layer_norm(weights, "embedding_norm", x))
    for i in range(config["num_layers"]):
        name = f"block_{i}"
        y = dropped(_attend(weights, f"{name}/attention", x, dropped))
        x = layer_norm(weights, f"{name}/attention_norm", x + y)
        y = jax.nn.gelu(dense(weights, f"{name}/mlp/expand", x))
        y = dropped(dense(weights, f"{name}/mlp/contract", y))
        x = layer_norm(weights, f"{name}/mlp_norm", x + y)
    x = jax.nn.gelu(dense(weights, "head_dense", x))
    x = layer_norm(weights, "head_norm", x)
    return x @ table.T + weights["head_bias"]


def _attend(weights, name, x, dropped):
    query, key, value = (
        jnp.einsum("ble,ehd->blhd", x, weights[f"{name}/{part}/kernel"])
        + weights[f"{name}/{part}/bias"]
        for part in ("query", "key", "value")
    )
    scores = jnp.einsum("bqhd,bkhd->bhqk", query / math.sqrt(query.shape[-1]), key)
    # Flax drops the same attention weights in all heads of all clips.
    attention = dropped(jax.nn.softmax(scores), scores.shape[-2:])
    mixed = jnp.einsum("bhqk,bkhd->bqhd", attention, value)
    output = jnp.einsum("blhd,hde->ble", mixed, weights[f"{name}/output/kernel"])
    return output + weights[f"{name}/output/bias"]


# === Algorithm 1 =====================================================================


def fill(weights, config, prefix, mask_row, codes, latents, steps, noise):
    """Fills `latents` cells from nothing, all at once, `steps` times.

    Args:
        weights, config: of the transformer.
        prefix: int32 `(B, P)`.
        mask_row: the row of [MASK] in the vocabulary.
        codes: K.
        latents: N.
        steps: S; the schedule is the cosine, the temperature of choice 4.5.
        noise: function of the step to Gumbel noise `(B, N, K)` and `(B, N)`.

    Returns:
        int32 `(B, N)`.
    """
    batch, known = len(prefix), prefix.shape[1]
    shares = np.cos(np.pi / 2 * np.arange(1, steps + 1, dtype="float32") / steps)
    counts = jnp.asarray(np.floor(latents * shares.astype("float32")), "int32")

    def step(s, grid):
        unknown = grid == MASK
        ids = jnp.where(unknown, mask_row, grid)
        logits = transform(weights, config, jnp.concatenate([prefix, ids], axis=1))
        logits = logits[:, known:, :codes]
        of_ids, of_cells = noise(s)
        tokens = jnp.where(unknown, jnp.argmax(logits + of_ids, axis=-1), grid)
        log_probs = jax.nn.log_softmax(logits)
        score = jnp.take_along_axis(log_probs, tokens[..., None], axis=-1)[..., 0]
        score = score + 4.5 * (1 - (s + 1) / steps) * of_cells
        score = jnp.where(unknown, score, jnp.inf)
        left = jnp.sum(unknown, axis=1)
        count = jnp.minimum(jnp.maximum(counts[s], 1), left - 1)[:, None]
        last = jnp.maximum(count - 1, 0)
        cut_off = jnp.take_along_axis(jnp.sort(score, axis=1), last, axis=1)
        again = (score <= cut_off) & (count > 0)
        # The last step has nothing left to mask.
        return jnp.where(again & (s + 1 < steps), MASK, tokens)

    return lax.fori_loop(0, steps, step, jnp.full((batch, latents), MASK))


def tokenizer_weights(config, seed=0):
    """Random weights of a tokenizer."""
    return random_weights(shapes.tokenizer(**config), seed)


def transformer_weights(config, seed=0):
    """Random weights of a transformer."""
    return random_weights(shapes.transformer(**config), seed)


def discriminator_weights(config, seed=0):
    """Random weights of a discriminator."""
    return random_weights(shapes.discriminator(**config), seed)
