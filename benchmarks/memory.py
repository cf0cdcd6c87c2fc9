"""Expected memory of every preset, for making videos and for training.

    python -m benchmarks.memory
    python -m benchmarks.memory --dtype float32 --batches 1 4 16 --preset ucf101_cg
    python -m benchmarks.memory --check benchmarks/results/scaling.jsonl

Computed from the layers, without building a model: weights and what optimizers keep are
exact; activations are those that a gradient keeps, or the largest that are alive
together. A backend's scratch memory and the framework itself (0.3 to 0.7 GiB) come on
top. --check sets the figures beside what `benchmarks.run` measured.
"""

import argparse
import sys

from benchmarks import flops, frameworks, lines
from benchmarks.case import DTYPES, Case
from keras_magvit.presets import shapes
from keras_magvit.presets.table import PRESETS

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_SIZES = {"base": "B", "large": "L", "huge": "H"}


def weights(case):
    """Numbers of weights: `{"tokenizer": ..., "discriminator": ..., "transformer": ...}`."""
    return {
        "tokenizer": shapes.count(shapes.tokenizer(**case.tokenizer)),
        "discriminator": shapes.count(shapes.discriminator(**case.discriminator)),
        "transformer": shapes.count(shapes.transformer(**case.transformer)),
    }


def expected(case):
    """Bytes that a case needs: `{"weights": ..., "activations": ...}`.

    Args:
        case: `Case`; "train-..." keeps gradients and Adam's two moments of every weight,
            and the tokenizer's moving average.
    """
    count = weights(case)
    if case.work == "train-tokenizer":
        held = 4 * (5 * count["tokenizer"] + 4 * count["discriminator"])
        return {"weights": held, "activations": _kept(case)}
    if case.work == "train-transformer":
        frozen = 4 * count["tokenizer"]
        return {
            "weights": frozen + 16 * count["transformer"],
            "activations": _kept(case),
        }
    parts = {
        "encode": ("tokenizer",),
        "decode": ("tokenizer",),
        "forward": ("transformer",),
        "generate": ("tokenizer", "transformer"),
    }[case.work]
    size = _stored(case)
    held = size * sum(count[part] for part in parts)
    return {"weights": held, "activations": _alive(case)}


def _stored(case):
    """Bytes of a weight: a "mixed" policy stores float32."""
    return _BYTES.get(case.dtype, 4)


def _computed(case):
    return _BYTES[frameworks.compute_dtype(case.dtype)]


def _alive(case):
    """Bytes of the largest activations that are alive together, in a forward pass."""
    most = 0
    for layer in flops.of(case):
        if layer.kind == "conv":
            # The residual, float32; the input, as it is and with its borders; the output.
            size = layer.cells * (
                4 * max(layer.inputs, layer.outputs)
                + _computed(case) * (2 * layer.inputs + layer.outputs)
            )
        elif layer.kind == "attention" and "scores" in layer.name:
            # Scores and their softmax, of all heads.
            size = 2 * 4 * layer.cells * layer.outputs * case.transformer["num_heads"]
        else:
            size = layer.cells * (layer.inputs + layer.outputs) * 4
        most = max(most, size)
    if case.work == "generate":  # the noise of a step, logits and their softmax
        codes = case.tokenizer["codebook_size"]
        most = max(most, 4 * 4 * case.batch * case.num_latents * codes)
    return most


def _kept(case):
    """Bytes of the activations that a gradient needs."""
    size, heads = _computed(case), case.transformer["num_heads"]
    total = 0
    for layer in flops.of(case):
        inputs, passes = layer.cells * layer.inputs, 1
        if layer.kind == "conv" and layer.name.startswith("discriminator"):
            # The input, and the sign of what came before the leaky ReLU; of real clips
            # the gradient's chain too.
            total += size * inputs * 2 * (2 if "(real)" in layer.name else 1)
        elif layer.kind == "conv":
            # The input, with its borders, and what its norm was given.
            total += inputs * (size + 4)
        elif layer.kind == "attention" and "scores" in layer.name:
            # Scores' softmax, what dropout left of it, in each head.
            total += layer.cells * layer.outputs * heads * (4 + 2 * size)
        elif layer.kind == "matmul":
            # Products that share an input count it once: query, key, value.
            passes = 0 if layer.name.endswith(("key", "value")) else 1
            total += passes * inputs * size * 2
        if layer.name == "head/logits":
            total += 2 * 4 * layer.cells * layer.outputs
    return total


def gib(parts):
    """GiB of a sum of bytes."""
    return sum(parts.values()) / 2**30


# === The table =======================================================================


def case_of(preset, work, dtype, batch):
    """The `Case` of a row of the table of presets; None if it is no paper's model."""
    if preset.size not in _SIZES or "_2dvq" in preset.name:
        return None
    frames, size, _ = preset.dataset.video_shape
    return Case(work, "torch", dtype, _SIZES[preset.size], size, frames, batch)


def _groups(names):
    """Presets that need the same, by `(size, pixels, is a model)`."""
    groups = {}
    for name, preset in PRESETS.items():
        if case_of(preset, "decode", "float32", 1) and (not names or name in names):
            kind = preset.size, preset.dataset.pixels, preset.kind == "MAGVIT"
            groups.setdefault(kind, []).append(name)
    return groups


def table(dtype, batches, names=()):
    """Markdown: GiB of each group of presets for each work and batch."""
    heads = " | ".join(f"batch {batch}" for batch in batches)
    rows = [
        f"| presets | to do what | weights and state | {heads} |",
        "|---|---|---|" + "---|" * len(batches),
    ]
    for (size, pixels, is_model), members in sorted(_groups(names).items()):
        works = ("generate", "train-transformer") if is_model else (
            "decode", "train-tokenizer",
        )  # fmt: skip
        kind = "models" if is_model else "tokenizers"
        title = ", ".join(members) if names else f"{size} {kind}, {pixels} pixels"
        for work in works:
            made = [case_of(PRESETS[members[0]], work, dtype, b) for b in batches]
            if work.startswith("train-") and dtype in ("bfloat16", "float16"):
                made = [case.replace(dtype=f"mixed_{dtype}") for case in made]
            held = expected(made[0])["weights"] / 2**30
            sums = " | ".join(f"{gib(expected(case)):.1f}" for case in made)
            rows.append(f"| {title} | {work} | {held:.2f} | {sums} |")
    return "\n".join(rows)


def check(found):
    """Markdown: expected beside measured, for lines of `benchmarks.run`."""
    rows = [
        "| case | expected, with the framework | measured |",
        "|---|---|---|",
    ]
    for line in found:
        case = Case(**line["case"])
        here = gib(expected(case)) + line["memory_before_gib"]
        rows.append(f"| {case} | {here:.1f} GiB | {line['peak_memory_gib']:.1f} GiB |")
    return "\n".join(rows)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dtype", default="float32", choices=DTYPES)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 4, 16])
    parser.add_argument("--preset", nargs="+", default=[], metavar="NAME",
                        help="only these; all, in groups")  # fmt: skip
    parser.add_argument("--check", metavar="FILE", help="lines of benchmarks.run")
    options = parser.parse_args(arguments)
    if unknown := set(options.preset) - set(PRESETS):
        parser.error(
            f"no such preset: {sorted(unknown)}; `keras-magvit presets` lists them"
        )
    if options.check:
        try:
            print(check(lines.latest(lines.read(options.check)).values()))
        except ValueError as error:
            parser.error(str(error))
        return
    print(table(options.dtype, options.batches, options.preset))


if __name__ == "__main__":
    sys.exit(main())
