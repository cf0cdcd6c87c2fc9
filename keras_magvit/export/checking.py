"""What was written, run against the model that it was made of.

Every graph sees the same inputs as Keras, once for one clip and once for a few; a step of
the decode also sees the state that Keras' own decode had. Ids may differ where two codes
are equally near within rounding: on one position of a thousand at most.
"""

import numpy as np
from keras import ops

from keras_magvit.export.description import SCHEDULE, describe
from keras_magvit.export.errors import ExportError
from keras_magvit.export.loop import PER_STEP
from keras_magvit.models.magvit import MAGVIT

BATCHES = (1, 4)
MIN_AGREEMENT = 0.999  # of ids
MAX_ERROR = 1e-3  # of pixels, and of logits over the largest


def check(model, functions, run, batches=BATCHES):
    """Compares what was written with Keras.

    Args:
        model: a `MAGVIT` or a `VideoTokenizer`.
        functions: of `functions_of(model)`.
        run: `run(name, **inputs)` returns the outputs of a function by name; a name it
            does not hold (`in`) is not compared.
        batches: sizes of the batches to try.

    Returns:
        dict: the lowest agreement and the largest error seen of each function.

    Raises:
        ExportError: if one is out of bounds.
    """
    figures = compare(model, functions, run, batches)
    for name, figure in figures.items():
        is_error = name.endswith("_error")
        good = figure <= MAX_ERROR if is_error else figure >= MIN_AGREEMENT
        if not good:
            bound = f"most {MAX_ERROR}" if is_error else f"least {MIN_AGREEMENT}"
            raise ExportError(
                "What was exported does not do what Keras does, and is not kept: "
                f"{name} must be at {bound}. Received: {name}={figure:.6g}"
            )
    return figures


def compare(model, functions, run, batches=BATCHES):
    """As `check`, whatever the figures are."""
    figures: dict[str, float] = {}
    for batch in batches:
        for name, figure in _compared(model, functions, run, batch):
            worst = max if name.endswith("_error") else min
            figures[name] = worst(figure, figures.get(name, figure))
    return figures


def example_inputs(model, batch, seed=0):
    """Inputs of all functions, by name; noise has an axis of steps.

    Args:
        model: a `MAGVIT` or a `VideoTokenizer`.
        batch: number of clips.
        seed: int.
    """
    rng = np.random.default_rng(seed)
    whole = isinstance(model, MAGVIT)
    tokenizer = model.tokenizer if whole else model
    codes = tokenizer.codebook_size
    grid = (batch, *model.latent_shape)
    inputs = {
        "video": rng.random((batch, *model.video_shape, 3), "float32"),
        "ids": rng.integers(0, codes, grid, "int32"),
    }
    if not whole:
        return inputs
    steps = model.sampling.num_steps
    given = rng.random(grid) < 0.3
    prompts = [model.vocabulary.size + row for row in model.vocabulary.prompts.values()]
    return {
        **inputs,
        "task": rng.choice(prompts or [0], batch).astype("int32"),
        "labels": rng.integers(-1, max(model.num_classes, 1), batch, "int32"),
        "cond_ids": inputs["ids"],
        "latent_mask": given,
        "in_tokens": np.where(given, inputs["ids"], -1).astype("int32"),
        "categorical_gumbel": rng.gumbel(size=(steps, *grid, codes)).astype("float32"),
        "mask_gumbel": rng.gumbel(size=(steps, *grid)).astype("float32"),
        **schedule_inputs(model),
    }


def schedule_inputs(model):
    """The knobs of the decode as inputs of the graph."""
    sampling = describe(model)["sampling"]
    return {name: np.array(sampling[name], "float32") for name in SCHEDULE}


# === Comparisons =====================================================================


def _compared(model, functions, run, batch):
    """Yields `(figure's name, figure)`; errors end in `_error`."""
    inputs = example_inputs(model, batch)
    expected, actual = _both(functions["encoder"], run, inputs)
    yield "encoder_ids", float(np.mean(actual["ids"] == expected["ids"]))
    expected, actual = _both(functions["decoder"], run, inputs)
    yield "decoder_error", _largest(actual["video"] - expected["video"])
    if "transformer" in functions:
        expected, actual = _both(functions["transformer"], run, inputs)
        logits = expected["logits"]
        error = _largest(actual["logits"] - logits) / max(1.0, _largest(logits))
        yield "logits_error", error
    if "decode_step" in functions:
        steps = list(keras_steps(model, functions, inputs))
        if "decode_step" in run:
            yield "step_tokens", min(_step_agreement(run, inputs, s) for s in steps)
        if "decode" in run:
            made = run("decode", **inputs)
            yield "decode_tokens", float(np.mean(made["ids"] == steps[-1]["tokens"]))


def keras_steps(model, functions, inputs):
    """Keras' own decode: a dict a step, of the state before it and of what it made."""
    start, step = functions["start"], functions["decode_step"]
    state = outputs_of(start, inputs)
    for index in range(model.sampling.num_steps):
        given = {**inputs, **state, **at_step(inputs, index)}
        made = outputs_of(step, given)
        yield {"index": index, **state, **made}
        state = {
            "in_tokens": made["next_in_tokens"],
            "unknown": made["next_unknown"],
        }


def at_step(inputs, index):
    """The inputs of one step out of those of all."""
    return {name: np.asarray(inputs[name][index]) for name in PER_STEP}


def _step_agreement(run, inputs, step):
    given = {**inputs, **at_step(inputs, step["index"])}
    state = {name: step[name] for name in ("in_tokens", "unknown")}
    made = run("decode_step", **{**given, **state})
    return min(
        float(np.mean(made[name] == step[name]))
        for name in ("tokens", "next_in_tokens", "next_unknown")
    )


def _both(function, run, inputs):
    return outputs_of(function, inputs), run(function.name, **inputs)


def outputs_of(function, inputs):
    """Outputs of a `Function` by name, computed by Keras; it takes what it needs."""
    tensors = {t.name: ops.convert_to_tensor(inputs[t.name]) for t in function.inputs}
    made = function.call(**tensors)
    made = made if isinstance(made, tuple) else (made,)
    arrays = [np.asarray(ops.convert_to_numpy(x)) for x in made]
    return dict(zip(function.outputs, arrays, strict=True))


def _largest(x):
    return float(np.abs(x).max())
