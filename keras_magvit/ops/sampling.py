"""Choosing ids from logits with given noise, and the noise itself."""

import keras
from keras import ops

from keras_magvit import backend

# Low enough to lose every comparison, finite so that softmax and subtraction stay so.
_NEVER = -1e7


def gumbel(shape, seed):
    """Standard Gumbel noise, float32.

    Args:
        shape: tuple of ints.
        seed: `keras.random.SeedGenerator` or int.

    Example:
        >>> from keras_magvit.ops.sampling import gumbel
        >>> noise = gumbel((2, 3), keras.random.SeedGenerator(0))
    """
    tiny = 1.1754944e-38  # uniform noise may be 0, whose logarithm is not finite
    uniform = keras.random.uniform(shape, minval=tiny, maxval=1.0, seed=seed)
    return -ops.log(-ops.log(uniform))


def sample(logits, gumbel, temperature=1.0, top_k=0, top_p=0.0):
    """Draws one id a position from `softmax(logits / temperature)`: the Gumbel trick.

    Args:
        logits: float `(..., K)`.
        gumbel: standard Gumbel noise, `(..., K)`; or, with `top_k`, `(..., top_k)`: then
            the noise belongs to the logits sorted from the largest down.
        temperature: float >= 0; 0 takes the largest logit.
        top_k: int; 0 or None considers all ids, otherwise the `top_k` likeliest alone.
        top_p: float in [0, 1]; 0 or None considers all ids, otherwise the smallest set
            of the likeliest ids whose probabilities add up to at least `top_p`.

    Returns:
        int32 `(...)` ids in `[0, K)`.

    Raises:
        ValueError: if `top_k` or `top_p` is out of range.

    Example:
        >>> from keras_magvit.ops.sampling import sample
        >>> logits = np.array([[0.0, 9.0, 1.0]], "float32")
        >>> int(sample(logits, np.zeros((1, 3), "float32"))[0])
        1

    Reference:
        `train_lib/sampling.py` of the official code.
    """
    size, top_k, top_p = logits.shape[-1], top_k or 0, top_p or 0.0
    if not 0 <= top_k <= size:
        raise ValueError(f"`top_k` must lie in [0, {size}]. Received: top_k={top_k}")
    if not 0 <= top_p <= 1:
        raise ValueError(f"`top_p` must lie in [0, 1]. Received: top_p={top_p}")
    logits = ops.cast(logits, "float32")
    if top_p > 0:
        logits = top_p_logits(logits, top_p)
    if top_k == 0:
        return _noisy_argmax(logits, gumbel, temperature)
    largest, order = ops.top_k(logits, top_k)
    if gumbel.shape[-1] != top_k:
        kept = ops.where(logits < largest[..., -1:], _NEVER, logits)
        return _noisy_argmax(kept, gumbel, temperature)
    rank = _noisy_argmax(largest, gumbel, temperature)[..., None]
    return ops.cast(ops.take_along_axis(order, rank, axis=-1)[..., 0], "int32")


def _noisy_argmax(logits, gumbel, temperature):
    temperature = ops.cast(temperature, "float32")
    drawn = temperature > 0
    scaled = logits / ops.where(drawn, temperature, 1.0)
    noise = ops.where(drawn, ops.cast(gumbel, "float32"), 0.0)
    return backend.argmax(scaled + noise)


def top_p_logits(logits, top_p):
    """Pushes down all but the smallest set of logits with probability >= `top_p`.

    Args:
        logits: float `(..., K)`.
        top_p: float in (0, 1].

    Returns:
        float `(..., K)`; -1e7 outside the set.

    Example:
        >>> from keras_magvit.ops.sampling import top_p_logits
        >>> kept = top_p_logits(keras.ops.array([[0.0, 9.0, 1.0]]), 0.5)
        >>> int(np.argmax(np.array(kept)))
        1
    """
    descending = -ops.sort(-logits, axis=-1)
    cumulative = ops.cumsum(ops.softmax(descending, axis=-1), axis=-1)
    outside = ops.sum(ops.cast(cumulative < top_p, "int32"), axis=-1, keepdims=True)
    # Rounding can leave the total just under top_p = 1.
    index = ops.minimum(outside, logits.shape[-1] - 1)
    cut_off = ops.take_along_axis(descending, index, axis=-1)
    return ops.where(logits < cut_off, _NEVER, logits)


def confidence(logits, ids):
    """Log-probability of each chosen id, float32 `(...)`.

    Args:
        logits: float `(..., K)`.
        ids: int32 `(...)`.

    Example:
        >>> from keras_magvit.ops.sampling import confidence
        >>> float(confidence(np.zeros((1, 4), "float32"), np.array([2]))[0])  # -ln 4
        -1.386...
    """
    log_probs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return ops.take_along_axis(log_probs, ids[..., None], axis=-1)[..., 0]
