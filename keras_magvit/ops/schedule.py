"""Mask-ratio curves gamma(r): the share of tokens still masked at progress r.

All arithmetic is float32, on the host, as the official code's: `cos(pi/2 * 8/12)` is a
little below one half in float32, and the number of masked tokens of the traces follows.
"""

import numpy as np

_SMALLEST_RATIO = np.float32(1e-6)


def _cosine(r, num_tokens):
    return _float32(np.cos, np.float32(np.pi / 2) * r)


def _uniform(r, num_tokens):
    return np.float32(1) - r


def _log(r, num_tokens):
    return -_float32(np.log2, r) / _float32(np.log2, np.float32(num_tokens))


def _exp(r, num_tokens):
    exponent = -_float32(np.log2, np.float32(num_tokens)) * (np.float32(1) - r)
    return np.float32(1) - _float32(np.exp2, exponent)


_CURVES = {"cosine": _cosine, "uniform": _uniform, "log": _log, "exp": _exp}


def mask_ratio(progress, num_tokens, name="cosine"):
    """Share of tokens to mask.

    Args:
        progress: float or array in [0, 1]; uniform noise in training, `(s + 1) / S`
            after step `s` of `S` in decoding.
        num_tokens: number of tokens N; only "log" and "exp" use it.
        name: "cosine" (the default of the paper), "uniform", "log", "exp", "powX" as
            in "pow2.5", or "poly:a,b,c" with coefficients from the highest power down.

    Returns:
        float32 numpy array of the shape of `progress`, in [1e-6, 1].

    Raises:
        ValueError: on an unknown name.

    Example:
        >>> from keras_magvit.ops.schedule import mask_ratio
        >>> round(float(mask_ratio(0.5, 1024, "cosine")), 3)
        0.707

    Reference:
        MAGVIT, Algorithm 1; `train_lib/mask_schedule.py` of the official code.
    """
    curve = get(name)
    r = np.asarray(progress, "float32")
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # log2(0) is masked everywhere, as it should be
        ratio = curve(r, num_tokens)
    ratio = np.nan_to_num(ratio, nan=0.0, posinf=1.0)  # log of one token: 0 / 0
    return np.clip(ratio, _SMALLEST_RATIO, np.float32(1)).astype("float32")


def step_ratio(step, num_steps, num_tokens, name="cosine"):
    """Share of tokens to mask after step `step` (from 0) of `num_steps`.

    The official loop is compiled: XLA turns its division by `num_steps` into a product
    with the float32 reciprocal and rounds once at the end. Counts of masked tokens hang
    on that last bit, so this does the same.

    Returns:
        float32 numpy scalar in [1e-6, 1].

    Example:
        >>> from keras_magvit.ops.schedule import step_ratio
        >>> round(float(step_ratio(5, 12, 1024, "cosine")), 3)
        0.707
    """
    get(name)  # raises for an unknown name
    count, reciprocal = float(step + 1), np.float32(1) / np.float32(num_steps)
    progress = count * float(reciprocal)  # not rounded yet
    if name == "cosine":  # both constants are folded into one
        angle = np.float32(count * float(np.float32(np.pi / 2) * reciprocal))
        ratio = np.cos(float(angle))
    elif name == "uniform":
        ratio = 1 - progress
    elif name == "exp":
        exponent = -float(np.float32(np.log2(num_tokens))) * (1 - progress)
        ratio = np.float32(1) - np.float32(np.exp2(float(np.float32(exponent))))
    elif name.startswith("pow"):
        ratio = 1 - progress ** float(name[3:])
    else:
        return mask_ratio(np.float32(progress), num_tokens, name)
    return np.clip(np.float32(ratio), _SMALLEST_RATIO, np.float32(1))


def get(name):
    """Returns the curve `(r, num_tokens) -> ratio` called `name`.

    Example:
        >>> from keras_magvit.ops import schedule
        >>> curve = schedule.get("cosine")
    """
    if name in _CURVES:
        return _CURVES[name]
    try:
        if name.startswith("pow"):
            return _power(_finite(name[3:]))
        if name.startswith("poly:"):
            return _polynomial([_finite(c) for c in name[5:].split(",")])
    except (AttributeError, ValueError):
        pass
    raise ValueError(
        f"`schedule` must be one of {sorted(_CURVES)}, 'powX' as in 'pow2.5' or "
        f"'poly:a,b,c'. Received: schedule={name!r}"
    )


def _finite(text):
    value = float(text)
    if not np.isfinite(value):
        raise ValueError(text)
    return value


def _power(exponent):
    def curve(r, num_tokens):
        return np.float32(1) - _float32(lambda x: x**exponent, r)

    return curve


def _polynomial(coefficients):
    def curve(r, num_tokens):
        value = np.zeros_like(r)
        for coefficient in np.asarray(coefficients, "float32"):  # Horner's rule
            value = value * r + coefficient
        return value

    return curve


def _float32(function, x):
    # float32 in, float32 out, correctly rounded: numpy's own float32 kernels differ in
    # the last bit between processors.
    return function(x.astype("float64")).astype("float32")
