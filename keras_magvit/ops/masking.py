"""COMMIT, the paper's conditional masked modelling, and the rivals it is compared with.

The same function masks in training, with uniform scores, and in decoding, with the
model's confidence as the score.
"""

from keras import ops

# What stands at a cell that the model must fill. Not an id: `models.sequence` puts the
# vocabulary's mask row in its place.
MASK = -1

WEIGHTS = ("mask", "mask+recons", "mask+refine", "mask+refine+recons")


def _commit(ids, cond_ids, latent_mask):
    return ids, ops.where(latent_mask, cond_ids, MASK), ops.zeros_like(latent_mask)


def _latent(ids, cond_ids, latent_mask):
    return ids, MASK, latent_mask


def _prefix(ids, cond_ids, latent_mask):
    return ops.where(latent_mask, cond_ids, ids), MASK, latent_mask


def _none(ids, cond_ids, latent_mask):
    return ids, MASK, ops.zeros_like(latent_mask)


# mode -> (ids, cond_ids, latent_mask) -> (targets, what replaces a masked id, cells that
# are never masked). All four are `condition_mode`s of the official `mask_utils.py`.
_MODES = {
    "commit": _commit,  # cond->input: eq. 2
    "latent": _latent,  # input->input: MaskGIT's latent masking
    "prefix": _prefix,  # cond->cond: the condition's ids stand fixed
    "none": _none,  # no interior condition
}


def commit_mask(
    ids,
    cond_ids,
    latent_mask,
    score,
    ratio,
    weights="mask+refine+recons",
    mode="commit",
    limits=None,
):
    """Replaces the lowest-scored share of ids by condition ids or [MASK].

    With `s*` the score of rank `n = floor(N * ratio)`, COMMIT's multivariate mask is

        inputs_i = cond_ids_i   if score_i <= s* and the cell sees a given pixel  (refine)
                   MASK         if score_i <= s* and the cell sees padding alone  (mask)
                   ids_i        if score_i >  s*                                  (recons)

    Args:
        ids: int32 `(B, t, h, w)` in `[0, K)`.
        cond_ids: int32 `(B, t, h, w)`, or None for a task without interior condition.
        latent_mask: bool, broadcastable to `ids`; True where the region covers the
            cell. None for a task without interior condition.
        score: float `(B, t, h, w)`; lower is masked first. Equal scores are masked
            together.
        ratio: float, `()`, `(1,)` or `(B,)`, in (0, 1]: share of the maskable cells.
        weights: which terms of the loss count: "mask", "mask+recons", "mask+refine" or
            "mask+refine+recons" (the rows of the paper's Table 5).
        mode: "commit"; "latent": condition cells keep their own ids and are never
            masked; "prefix": condition cells hold `cond_ids` and are never masked;
            "none": condition ignored.
        limits: `(lowest, highest)` number of cells to mask, each an int or int32
            `(B,)`; None stands for `(1, number of maskable cells)`. A highest of 0
            masks nothing.

    Returns:
        `(inputs, targets, weights)`: int32, int32, float32, each `(B, t, h, w)`.
        `inputs` holds `MASK` (-1) where the model must fill in.

    Raises:
        ValueError: if `ids` is not of rank 4, or on unknown `weights` or `mode`.

    Example:
        >>> from keras_magvit.ops.masking import commit_mask
        >>> grid = np.arange(4).reshape(1, 1, 2, 2).astype("int32")
        >>> given = np.array([True, False, True, False]).reshape(1, 1, 2, 2)
        >>> inputs, targets, weights = commit_mask(grid, grid + 10, given, grid / 4, 0.5)
        >>> np.array(inputs).ravel().tolist()  # refine, mask, and two that are kept
        [10, -1, 2, 3]

    Reference:
        MAGVIT (arXiv:2212.05199), equation 2; `train_lib/mask_utils.py`.
    """
    ids = ops.cast(ids, "int32")
    _check(ids, cond_ids, latent_mask, weights, mode)
    if latent_mask is None:
        latent_mask = ops.zeros(ops.shape(ids), "bool")
    covered = ops.broadcast_to(ops.cast(latent_mask, "bool"), ops.shape(ids))
    cond_ids = ids if cond_ids is None else ops.cast(cond_ids, "int32")

    targets, replacement, fixed = _MODES[mode](ids, cond_ids, covered)
    masked = _lowest(score, ops.logical_not(fixed), ratio, limits)
    inputs = ops.where(masked, replacement, targets)
    loss_weights = _loss_weights(masked, covered, fixed, weights, mode)
    return ops.cast(inputs, "int32"), targets, loss_weights


def _check(ids, cond_ids, latent_mask, weights, mode):
    if len(ids.shape) != 4:
        raise ValueError(
            f"`ids` must have shape (batch, t, h, w). Received: ids.shape={tuple(ids.shape)}"
        )
    if mode not in _MODES:
        raise ValueError(
            f"`mode` must be one of {sorted(_MODES)}. Received: mode={mode!r}"
        )
    if weights not in WEIGHTS:
        raise ValueError(
            f"`weights` must be one of {list(WEIGHTS)}. Received: weights={weights!r}"
        )
    if cond_ids is None and latent_mask is not None and mode in ("commit", "prefix"):
        raise ValueError(
            f"mode={mode!r} with a `latent_mask` needs condition ids. "
            "Received: cond_ids=None"
        )


def _lowest(score, maskable, ratio, limits):
    """True at the cells to mask: the lowest scores among the `maskable` ones."""
    batch = ops.shape(score)[0]
    score = ops.where(maskable, ops.cast(score, "float32"), float("inf"))
    available = ops.sum(ops.cast(ops.reshape(maskable, (batch, -1)), "int32"), axis=-1)

    low, high = (1, None) if limits is None else limits
    high = (
        available if high is None else ops.minimum(ops.cast(high, "int32"), available)
    )
    share = ops.clip(ops.cast(ratio, "float32"), 1e-6, 1.0)
    count = ops.cast(ops.floor(ops.cast(available, "float32") * share), "int32")
    count = ops.minimum(ops.maximum(count, low), high)  # (B,)

    ranked = ops.sort(ops.reshape(score, (batch, -1)), axis=-1)
    last = ops.maximum(count - 1, 0)[:, None]
    cut_off = ops.take_along_axis(ranked, last, axis=-1)[:, :, None, None]
    some = ops.reshape(count > 0, (batch, 1, 1, 1))
    return ops.logical_and(ops.logical_and(score <= cut_off, maskable), some)


def _loss_weights(masked, covered, fixed, weights, mode):
    trained = ops.logical_not(fixed)
    refined = ops.logical_and(masked, covered) if mode == "commit" else None
    if "recons" not in weights:
        trained = ops.logical_and(trained, masked)
    if "refine" not in weights and refined is not None:
        trained = ops.logical_and(trained, ops.logical_not(refined))
    return ops.cast(trained, "float32")
