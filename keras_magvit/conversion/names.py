"""Where each weight stands in a checkpoint of the official code.

Flax numbers modules of a kind in the order they are created: `Conv_0`, `Conv_1`. Each
function yields `(official name, variable)` in that order.
"""

import collections

from keras_magvit.layers import GroupNormSwish, ResBlock, VideoConv


class _Counter:
    """Numbers modules of a kind within one scope."""

    def __init__(self, scope):
        self.scope = scope
        self._counts = collections.Counter()

    def __call__(self, kind):
        number = self._counts[kind]
        self._counts[kind] += 1
        return f"{self.scope}{kind}_{number}/"


def _kernel(scope, layer):
    yield f"{scope}kernel", layer.kernel
    if layer.use_bias:
        yield f"{scope}bias", layer.bias


def _norm(scope, layer):
    yield f"{scope}scale", layer.gamma
    yield f"{scope}bias", layer.beta


def _chain(scope, chain):
    number = _Counter(scope)
    for layer in chain:
        if isinstance(layer, ResBlock):
            yield from _res_block(number("ResBlock"), layer)
        elif isinstance(layer, VideoConv):
            yield from _kernel(number("Conv"), layer)
        elif isinstance(layer, GroupNormSwish):
            yield from _norm(number("GroupNorm"), layer)


def _res_block(scope, block):
    number = _Counter(scope)
    yield from _norm(number("GroupNorm"), block.norm_1)
    yield from _kernel(number("Conv"), block.conv_1)
    yield from _norm(number("GroupNorm"), block.norm_2)
    yield from _kernel(number("Conv"), block.conv_2)
    if block.shortcut is not None:
        yield from _kernel(number("Conv"), block.shortcut)


def tokenizer(model):
    """Weights of a `VideoTokenizer` with a vector quantizer."""
    yield from _chain("encoder/", model.encoder.chain)
    yield "quantizer/codebook", model.quantizer.codebook
    yield from _chain("decoder/", model.decoder.chain)


def discriminator(model):
    """Weights of a `VideoDiscriminator`."""
    number = _Counter("")
    yield from _kernel(number("Conv"), model.stem)
    for block in model.blocks:
        scope = number("ResBlock")
        inner = _Counter(scope)
        for layer in (block.conv_1, block.shortcut, block.conv_2):
            yield from _kernel(inner("Conv"), layer)
    yield from _kernel(number("Conv"), model.final_conv)
    yield from _kernel(number("Dense"), model.hidden)
    yield from _kernel(number("Dense"), model.logits)


def _attention(scope, layer):
    projections = {
        "query": layer.query,
        "key": layer.key,
        "value": layer.value,
        "out": layer.output_projection,
    }
    for name, projection in projections.items():
        yield f"{scope}{name}/kernel", projection.kernel
        yield f"{scope}{name}/bias", projection.bias


def transformer(model):
    """Weights of a `MaskedVideoTransformer`."""
    embed = "BertEmbed_0/"
    yield f"{embed}word_embeddings/embedding", model.token_embedding.embeddings
    yield f"{embed}position_embeddings/embedding", model.position_embedding.embeddings
    yield from _norm(f"{embed}embeddings_ln/", model.embedding_norm)
    for i, block in enumerate(model.blocks):
        attention, mlp = f"BertLayer_{i}/BertAttention_0/", f"BertLayer_{i}/BertMlp_0/"
        yield from _attention(f"{attention}self_attention/", block.attention)
        yield from _norm(f"{attention}attention_output_ln/", block.attention_norm)
        yield from _kernel(f"{mlp}intermediate_output/", block.mlp.expand)
        yield from _kernel(f"{mlp}layer_output/", block.mlp.contract)
        yield from _norm(f"{mlp}layer_output_ln/", block.mlp_norm)
    yield from _kernel("BertMlmLayer_0/mlm_dense/", model.head_dense)
    yield from _norm("BertMlmLayer_0/mlm_ln/", model.head_norm)
    yield "BertMlmLayer_0/mlm_bias/bias", model.head_bias
