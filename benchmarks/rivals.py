"""The methods of the paper's Figure 5, as networks with random weights.

Each is given the transformer of the same size, or about as many weights as MAGVIT B. What
can be left out in a rival's favour is left out.
"""

import keras
import numpy as np
from keras import ops

import keras_magvit as km
from keras_magvit.layers import GroupNormSwish, VideoConv
from keras_magvit.layers.transformer import SelfAttention


def transformer(case, length):
    """A `MaskedVideoTransformer` of the case's size for another sequence."""
    config = {**case.transformer, "max_length": length}
    return km.MaskedVideoTransformer(**config)


# === MaskViT-like: attention in windows ==============================================


class WindowTransformer(keras.Model):
    """A transformer whose blocks attend within a frame, and within a column, in turns.

    Args:
        network: `MaskedVideoTransformer`; its blocks are used.
        grid: `(t, h, w)` of the tokens.
        window: `(h, w)` of a column, which goes through all frames.

    Call arguments:
        ids: int32 `(B, t * h * w)`.

    Reference:
        Gupta et al., MaskViT, arXiv:2206.11894, section 3.3.
    """

    def __init__(self, network, grid, window=(4, 4), **kwargs):
        super().__init__(**kwargs)
        self.network = network
        self.windows = [(1, *grid[1:]), (grid[0], *window)]
        self.grid = tuple(grid)
        self.built = True

    def call(self, ids):
        x = self.network.embed(ids)
        for i, block in enumerate(self.network.blocks):
            x = self._attend(block, x, self.windows[i % 2])
        return self.network.head(x)

    def _attend(self, block, x, window):
        width = x.shape[-1]
        counts = [g // w for g, w in zip(self.grid, window, strict=True)]
        pairs = [size for pair in zip(counts, window, strict=True) for size in pair]
        x = ops.reshape(x, (-1, *pairs, width))  # (B, t', wt, h', wh, w', ww, E)
        x = ops.transpose(x, (0, 1, 3, 5, 2, 4, 6, 7))
        shape = (-1, *counts, *window, width)
        x = block(ops.reshape(x, (-1, int(np.prod(window)), width)))
        x = ops.transpose(ops.reshape(x, shape), (0, 1, 4, 2, 5, 3, 6, 7))
        return ops.reshape(x, (-1, int(np.prod(self.grid)), width))


# === Autoregressive: one token, with keys and values kept ============================


class CachedStep(keras.Model):
    """One token through a transformer that has seen the others.

    Writing the token's own keys and values into the cache is left to the caller.

    Args:
        network: `MaskedVideoTransformer`.

    Call arguments:
        ids: int32 `(B, 1)`.
        cache: float `(layers, 2, B, L, heads, head_dim)`.

    Returns:
        `(logits (B, 1, V), cache's new column (layers, 2, B, 1, heads, head_dim))`.
    """

    def __init__(self, network, **kwargs):
        super().__init__(**kwargs)
        self.network = network
        self.built = True

    def call(self, ids, cache):
        x, column = self.network.embed(ids), []
        for i, block in enumerate(self.network.blocks):
            attention = block.attention
            key, value = attention.key(x), attention.value(x)
            column.append(ops.stack([key, value]))
            keys = ops.concatenate([cache[i, 0], key], axis=1)
            values = ops.concatenate([cache[i, 1], value], axis=1)
            mixed = ops.dot_product_attention(attention.query(x), keys, values)
            x = block.attention_norm(x + attention.output_projection(mixed))
            x = block.mlp_norm(x + block.mlp(x))
        return self.network.head(x), ops.stack(column)


# === Video diffusion =================================================================


class UNetBlock(keras.layers.Layer):
    """Two convolutions within frames, and attention over space and over time.

    Args:
        filters: output channels.
        over_space: whether the cells of a frame attend to each other.
    """

    def __init__(self, filters, over_space, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.over_space = over_space

    def build(self, input_shape):
        def conv(name, size=(1, 3, 3)):
            return VideoConv(self.filters, size, border="same", name=name)

        inner = (*input_shape[:-1], self.filters)
        self.norm_1, self.norm_2 = GroupNormSwish(), GroupNormSwish()
        self.conv_1, self.conv_2 = conv("conv_1"), conv("conv_2")
        self.shortcut = conv("shortcut", (1, 1, 1))
        self.in_time = SelfAttention(self.filters // 64)
        self.in_space = SelfAttention(self.filters // 64)
        for layer in (self.norm_1, self.conv_1, self.shortcut):
            layer.build(input_shape)
        for layer in (self.norm_2, self.conv_2):
            layer.build(inner)
        self.in_time.build((None, None, self.filters))
        if self.over_space:
            self.in_space.build((None, None, self.filters))

    def call(self, x):
        y = self.conv_2(self.norm_2(self.conv_1(self.norm_1(x))))
        x = ops.cast(self.shortcut(x), y.dtype) + y
        batch, t, h, w, width = x.shape
        batch = ops.shape(x)[0] if batch is None else batch
        if self.over_space:
            cells = ops.reshape(x, (batch * t, h * w, width))
            x = x + ops.reshape(self.in_space(cells), x.shape)
        frames = ops.transpose(ops.reshape(x, (batch, t, h * w, width)), (0, 2, 1, 3))
        frames = self.in_time(ops.reshape(frames, (batch * h * w, t, width)))
        frames = ops.reshape(frames, (batch, h * w, t, width))
        return x + ops.reshape(ops.transpose(frames, (0, 2, 1, 3)), x.shape)


class VideoUNet(keras.Model):
    """A U-Net over space, factorized over time: noise of `(B, T, H, W, 3)`.

    Steps are not told to it: the embedding costs nothing beside the rest.

    Args:
        filters: channels of the first level.
        multipliers: of the levels.
        blocks: a level.
        largest_attention: side of the largest frame whose cells attend to each other.
        video_shape: `(T, H, W)`.

    Reference:
        Ho et al., Video Diffusion Models, arXiv:2204.03458, section 3.
    """

    def __init__(
        self,
        filters=128,
        multipliers=(1, 2, 4, 4),
        blocks=2,
        largest_attention=16,
        video_shape=(16, 64, 64),
        **kwargs,
    ):
        super().__init__(**kwargs)
        side = min(video_shape[1:])

        def stack(level, count):
            over_space = side // 2**level <= largest_attention
            width = filters * multipliers[level]
            return [UNetBlock(width, over_space) for _ in range(count)]

        levels = range(len(multipliers))
        self.stem = VideoConv(filters, (1, 3, 3), border="same")
        self.down = [stack(level, blocks) for level in levels]
        self.middle = stack(levels[-1], 2)
        self.up = [stack(level, blocks + 1) for level in levels]
        self.downsample = km.layers.Downsample((1, 2, 2))
        self.upsample = km.layers.Upsample((1, 2, 2))
        self.norm = GroupNormSwish()
        self.out = VideoConv(3, (1, 3, 3), border="same")
        self(keras.Input((*video_shape, 3), batch_size=1))  # makes the weights

    def call(self, x):
        x = self.stem(x)
        kept = [x]
        for level, stack in enumerate(self.down):
            for block in stack:
                x = block(x)
                kept.append(x)
            if level < len(self.down) - 1:
                x = self.downsample(x)
                kept.append(x)
        for block in self.middle:
            x = block(x)
        for level in reversed(range(len(self.up))):
            for block in self.up[level]:
                x = block(ops.concatenate([x, kept.pop()], axis=-1))
            if level > 0:
                x = self.upsample(x)
        return self.out(self.norm(x))
