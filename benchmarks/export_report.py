"""The figures of `benchmarks.export` as tables, and which of them are out of bounds."""

import datetime
import math

ROWS = {
    "encoder_ids": "encoder, equal ids",
    "decoder_error": "decoder, largest difference of a pixel",
    "logits_error": "logits, largest difference over the largest",
    "step_tokens": "each step's tokens, same state and noise, the worst step",
    "decode_tokens": "the whole decode",
}
NAMES = {
    "onnx": "onnxruntime",
    "onnx_int8": "onnxruntime, int8",
    "keras_int8": 'Keras, `quantize("int8")`',
}
LEAST_INT8_TOKENS = 0.95
MOST_INT8_LOSS = 1.0  # dB


def render(figures):
    """Markdown of all parts that were measured, and a line for each broken bound.

    Args:
        figures: part -> its figures, as `benchmarks.export` stores them.
    """
    makers = (_agreement, _speed, _int8, _footnote)
    tables = [table for make in makers if (table := make(figures))]
    return "\n\n".join(tables) + "\n", [*_failures(figures)]


def _agreement(figures):
    found = figures.get("agreement", {}).get("onnx")
    if not found:
        return None
    batches = list(found)
    rows = [
        [text, *(_figure(name, found[batch][name]) for batch in batches)]
        for name, text in ROWS.items()
        if name in found[batches[0]]
    ]
    heads = ["onnxruntime against Keras", *(f"batch {batch}" for batch in batches)]
    return _table(heads, rows)


def _speed(figures):
    rows = []
    for name, seconds in sorted(_seconds(figures).items(), key=lambda pair: pair[1]):
        rows.append([name, f"{seconds * 1e3:.1f}"])
    return _table(["batch 1, one video", "ms"], rows) if rows else None


def _int8(figures):
    if not {"sizes", "agreement", "quality"} & set(figures):
        return None
    rows = [[name, *_losses(figures, maker, name)] for maker, name in NAMES.items()]
    heads = ["transformer", "size", "tokens of a step, same state"]
    heads += ["tokens of the whole decode", "PSNR", "FVD", "FVD to float32"]
    return _table([*heads, "ms a video"], rows)


def _losses(figures, maker, name):
    """The cells of a maker; empty for what was not measured."""
    size = figures.get("sizes", {}).get(maker)
    yield f"{size / 1e6:.2f} MB" if size else ""
    steps = figures.get("agreement", {}).get(maker, {}).values()
    yield _percent(min(step["step_tokens"] for step in steps)) if steps else ""
    quality = figures.get("quality", {}).get(maker, {})
    yield _percent(quality["decode_tokens"]) if quality else ""
    yield f"{quality['psnr']:.2f} dB" if quality else ""
    for key in ("fvd", "fvd_to_float32"):
        yield f"{quality[key]:.1f}" if key in quality else ""
    seconds = _seconds(figures)
    found = [s for n, s in seconds.items() if n in (name, f"{name} on tensorflow")]
    yield f"{min(found) * 1e3:.1f}" if found else ""


def _seconds(figures):
    """Name -> seconds; of the files, the fastest that any process saw."""
    found = {}
    for part, seconds in figures.items():
        if not part.startswith("speed_"):
            continue
        backend = part.removeprefix("speed_")
        for name, value in seconds.items():
            title = NAMES.get(name, "Keras")
            title = title if name.startswith("onnx") else f"{title} on {backend}"
            found[title] = min(value, found.get(title, value))
    return found


def _footnote(figures):
    made = figures.get("export")
    if not made:
        return None
    versions = ", ".join(f"{name} {v}" for name, v in made["versions"].items())
    clips = {part["clips"] for name, part in figures.items() if "videos_" in name}
    count = f"{min(clips)} clips; " if clips else ""
    return f"{count}{made['machine']}; {versions}; {datetime.date.today()}."


def _failures(figures):
    for batch, found in figures.get("agreement", {}).get("onnx", {}).items():
        for name, value in found.items():
            bad = value > 1e-3 if name.endswith("_error") else value < 0.999
            if bad:
                yield f"out of bounds: {name} of batch {batch} is {value:.6g}"
    for maker in ("onnx_int8", "keras_int8"):
        for batch, found in figures.get("agreement", {}).get(maker, {}).items():
            if found["step_tokens"] < LEAST_INT8_TOKENS:
                tokens = f"{found['step_tokens']:.4f}"
                yield f"out of bounds: {maker}, tokens of batch {batch}: {tokens}"
        quality = figures.get("quality")
        if quality:
            loss = quality["onnx"]["psnr"] - quality[maker]["psnr"]
            if loss > MOST_INT8_LOSS:
                yield f"out of bounds: {maker} loses {loss:.2f} dB"
    # In one process, in turns: minutes apart, a machine has other speeds.
    speeds = {p: s for p, s in figures.items() if p.startswith("speed_")}
    if speeds:
        fastest = min(speeds, key=lambda part: speeds[part]["keras"])
        ours, theirs = speeds[fastest]["onnx"], speeds[fastest]["keras"]
        if ours > theirs:
            yield f"out of bounds: {ours:.3f} s, {fastest} {theirs:.3f} s"


def _figure(name, value):
    return f"{value:.0e}" if name.endswith("_error") else _percent(value)


def _percent(value):
    """Rounded down: 99.96% is not all."""
    return f"{math.floor(value * 1000 + 1e-6) / 10}%" if value < 1 else "100%"


def _table(heads, rows):
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
