"""Where a forward pass spends its time: convolutions, norms, attention, and the rest.

    python -m benchmarks.parts --work decode --backend torch --dtype bfloat16
    python -m benchmarks.parts --work forward --backend jax

Each layer is compiled and timed by itself, on an input of its own size; layers that are
alike are timed once. Beside each kind of work stands its rate, as a share of the
ceiling. What compilers fuse across layers makes the whole shorter than the sum.
"""

import argparse
import os
import statistics
import sys
import time
from typing import NamedTuple

from benchmarks import case as cases
from benchmarks import ceiling, flops, frameworks, jobs, report

WORKS = ("encode", "decode", "forward")
_RUNS = 3


class Part(NamedTuple):
    """Something a network computes.

    Attributes:
        kind: what it is called in the table.
        function: of `inputs`.
        inputs: tensors.
        flops: of its products and convolutions; 0 for what is not counted.
        ceiling: "matmul", "conv", or None.
        key: parts with the same key cost the same.
    """

    kind: str
    function: object
    inputs: tuple
    flops: int
    ceiling: str | None
    key: tuple


def of_tokenizer(chain, x):
    """`Part`s of an encoder or a decoder, in order; `x` is what it is given."""
    from keras_magvit.layers import (
        Downsample,
        GroupNormSwish,
        ResBlock,
        Upsample,
        VideoConv,
    )

    kinds = {GroupNormSwish: "norm and swish", Downsample: "pooling"}
    upsampled = (1, 1, 1)
    for layer in chain:
        if isinstance(layer, Upsample):
            upsampled = layer.size
        elif isinstance(layer, VideoConv):
            part = _convolution(layer, x, upsampled)
            upsampled = (1, 1, 1)
            yield part
            x = part.function(x)
        elif isinstance(layer, ResBlock):
            y = x
            for norm, conv in (
                (layer.norm_1, layer.conv_1),
                (layer.norm_2, layer.conv_2),
            ):
                yield _plain(kinds[GroupNormSwish], norm, y)
                y = norm(y)
                yield _convolution(conv, y)
                y = conv(y)
            if layer.shortcut is not None:
                yield _convolution(layer.shortcut, x)
                x = layer.shortcut(x)
            yield _plain("residual sum", _sum, y, x)
            x = _sum(y, x)
        else:
            yield _plain(kinds[type(layer)], layer, x)
            x = layer(x)


def of_transformer(network, ids):
    """`Part`s of a `MaskedVideoTransformer`, in order."""
    from keras_magvit import backend

    x = network.embed(ids)
    yield _plain("embedding", network.embed, ids)
    for block in network.blocks:
        attention = block.attention
        inner = [
            layer(x) for layer in (attention.query, attention.key, attention.value)
        ]
        for layer in (attention.query, attention.key, attention.value):
            yield _product("projections", layer, x, x.shape[-1])

        def attend(*qkv, attention=attention):
            return backend.attention(*qkv, attention.causal)

        mixed = attend(*inner)
        batch, length, width = x.shape
        cost = 4 * batch * length * length * width
        yield _plain("attention", attend, *inner)._replace(flops=cost, ceiling="matmul")
        yield _product("projections", attention.output_projection, mixed, width)
        branch = attention.output_projection(mixed)
        yield _plain("norm and residual sum", _after(block.attention_norm), x, branch)
        x = block.attention_norm(x + branch)
        yield _product("MLP", block.mlp, x, 2 * block.mlp.mlp_dim)
        branch = block.mlp(x)
        yield _plain("norm and residual sum", _after(block.mlp_norm), x, branch)
        x = block.mlp_norm(x + branch)
    outputs = network.hidden_dim + network.vocabulary_size
    yield _product("head", network.head, x, outputs)


def _sum(y, x):
    from keras import ops

    return ops.cast(y, "float32") + ops.cast(x, "float32")


def _after(norm):
    return lambda x, branch: norm(x + branch)


def _described(tensor):
    return (*tensor.shape, str(tensor.dtype))


def _plain(kind, function, *inputs):
    key = (kind, *map(_described, inputs))
    return Part(kind, function, inputs, 0, None, key)


def _product(kind, layer, x, outputs):
    cells, width = int(x.shape[0] * x.shape[1]), 1
    for size in x.shape[2:]:
        width *= size
    part = _plain(kind, layer, x)
    key = (*part.key, layer.name if kind == "projections" else "", outputs)
    return part._replace(flops=2 * cells * width * outputs, ceiling="matmul", key=key)


def _convolution(layer, x, upsampled=(1, 1, 1)):
    repeats, taps, cells = 1, 1, 1
    for factor, size in zip(upsampled, layer.kernel_size, strict=True):
        repeats, taps = repeats * factor, taps * size
    for size in x.shape[:-1]:
        cells *= size
    count = 2 * cells * repeats * taps * x.shape[-1] * layer.filters

    def function(x):
        return layer(x, upsampled=upsampled)

    kind = "convolution" if repeats == 1 else "upsampling and convolution"
    if taps == 1:
        kind = "convolution of one pixel"
    part = _plain(kind, function, x)
    key = (*part.key, layer.filters, str(layer.compute_dtype), upsampled)
    return part._replace(flops=count, ceiling="conv", key=key)


# === Timing ==========================================================================


def measure(case, show=lambda line: None):
    """`(rows, whole)`: `{kind: [seconds, flops, ceiling]}` and seconds of the whole."""
    from keras_magvit import backend

    jobs.set_policy(case)
    framework = frameworks.of(case.backend)

    def timed(function, model, inputs):
        compiled = backend.compile_inference(function, model)
        taken = []
        for _ in range(1 + _RUNS):
            start = time.perf_counter()
            framework.wait(compiled(*inputs))
            taken.append(time.perf_counter() - start)
        return statistics.median(taken[1:])

    model, parts, whole = _of(case)
    rows, known = {}, {}
    for part in parts:
        if part.key not in known:
            show(f"{part.kind} of {_described(part.inputs[0])}")
            known[part.key] = timed(part.function, model, part.inputs)
        row = rows.setdefault(part.kind, [0.0, 0, part.ceiling])
        row[0] += known[part.key]
        row[1] += part.flops
    function, inputs = whole
    return rows, timed(function, model, inputs)


def _of(case):
    """`(model, its parts, (the whole, its inputs))`."""
    from keras import ops

    if case.work == "forward":
        network = jobs.model(case).transformer
        ids = ops.convert_to_tensor(jobs.sequence(case))
        return network, of_transformer(network, ids), (network, (ids,))
    network = jobs.tokenizer(case)
    if case.work == "encode":
        video = ops.convert_to_tensor(jobs.video(case))
        parts = of_tokenizer(network.encoder.chain, video)
        return network, parts, (network.encoder, (video,))
    features = network.quantizer.lookup(ops.convert_to_tensor(jobs.ids(case)))
    parts = of_tokenizer(network.decoder.chain, features)
    return network, parts, (network.decoder, (features,))


def table(rows, whole, rates):
    """Markdown: seconds, share of the sum, rate and share of the ceiling by kind."""
    total = sum(seconds for seconds, _, _ in rows.values())
    lines = [
        "| part | seconds | share | GFLOP/s | of the ceiling |",
        "|---|---|---|---|---|",
    ]
    for kind, (seconds, count, name) in sorted(rows.items(), key=lambda r: -r[1][0]):
        rate = count / seconds / 1e9
        cells = [kind, report.amount(seconds), f"{seconds / total:.0%}"]
        if name:
            cells += [report.amount(rate), f"{rate / rates[name]['gflops']:.0%}"]
        else:
            cells += ["-", "-"]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append(f"| sum of the parts | {report.amount(total)} | 100% | | |")
    lines.append(f"| the whole, compiled as one | {report.amount(whole)} | | | |")
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.parts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cases.add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        case = cases.from_options(options)
        if case.work not in WORKS or case.backend == "plain-jax":
            raise ValueError(
                f"Parts are those of the package, in {WORKS}. "
                f"Received: work={case.work!r}, backend={case.backend!r}"
            )
    except ValueError as error:
        parser.error(str(error))
    os.environ["KERAS_BACKEND"] = case.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    def show(line):
        print(line, file=sys.stderr, flush=True)

    rows, whole = measure(case, show)
    show("the ceiling")
    print(table(rows, whole, ceiling.measure(case, flops.of(case))))


if __name__ == "__main__":
    main()
