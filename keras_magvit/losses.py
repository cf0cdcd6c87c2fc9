"""The paper's losses as pure functions of arrays.

The names are those of the quantities: `km.losses.discriminator(real, fake)`. All compute
in float32, whatever the dtype of their inputs.
"""

from keras import ops

from keras_magvit import backend

_EPSILON = 1e-5  # inside the logarithms of the entropy loss, as in the official code


def _float32(x):
    return ops.cast(x, "float32")


# === Adversarial pair ================================================================


def discriminator(real_logits, fake_logits, kind="non-saturating"):
    """Loss of the discriminator.

    Args:
        real_logits: float `(B, 1)`.
        fake_logits: float `(B, 1)`.
        kind: "non-saturating" or "hinge".

    Returns:
        Scalar: mean over real plus mean over fake.

    Raises:
        ValueError: on another `kind`.

    Example:
        >>> float(km.losses.discriminator(np.zeros(2), np.zeros(2)))  # a coin toss: ln 4
        1.386...
    """
    real, fake = _float32(real_logits), _float32(fake_logits)
    if kind == "non-saturating":
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
    if kind == "hinge":
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))
    raise _unknown_kind(kind)


def generator(fake_logits, kind="non-saturating"):
    """Adversarial loss of the generator; arguments as in `discriminator`.

    Returns:
        Scalar.

    Example:
        >>> float(km.losses.generator(np.zeros(2)))  # ln 2
        0.693...
    """
    fake = _float32(fake_logits)
    if kind == "non-saturating":
        return ops.mean(ops.softplus(-fake))
    if kind == "hinge":
        return -ops.mean(fake)
    raise _unknown_kind(kind)


def _unknown_kind(kind):
    return ValueError(
        f"`kind` must be 'non-saturating' or 'hinge'. Received: kind={kind!r}"
    )


# === Regularisers of the discriminator ===============================================


def r1(gradient, cost=10.0):
    """R1 penalty: `cost` times the mean over the batch of the squared gradient's sum.

    Args:
        gradient: float `(B, ...)`, of the summed logits with respect to real videos.
        cost: weight; the official code has no factor one half.

    Returns:
        Scalar.

    Example:
        >>> float(km.losses.r1(np.ones((2, 3)), cost=10.0))
        30.0

    Reference:
        Mescheder et al., arXiv:1801.04406, with gamma = 2 * cost.
    """
    gradient = _float32(gradient)
    axes = tuple(range(1, len(gradient.shape)))
    return cost * ops.mean(ops.sum(ops.square(gradient), axis=axes))


def lecam(real_pred, fake_pred, ema_real_pred, ema_fake_pred):
    """LeCam regularisation of the discriminator, elementwise.

    Args:
        real_pred: mean logit of this batch's real videos.
        fake_pred: mean logit of this batch's fake videos.
        ema_real_pred: moving average of `real_pred`.
        ema_fake_pred: moving average of `fake_pred`.

    Returns:
        `relu(real - ema_fake)^2 + relu(ema_real - fake)^2`, of the inputs' shape.

    Example:
        >>> float(km.losses.lecam(1.0, -1.0, 0.5, -0.5))
        4.5

    Reference:
        Tseng et al., arXiv:2104.03310.
    """
    real_pred, fake_pred = _float32(real_pred), _float32(fake_pred)
    ema_real_pred, ema_fake_pred = _float32(ema_real_pred), _float32(ema_fake_pred)
    return ops.square(ops.relu(real_pred - ema_fake_pred)) + ops.square(
        ops.relu(ema_real_pred - fake_pred)
    )


# === Quantizer =======================================================================


def entropy_terms(affinity, kind="softmax", temperature=1.0):
    """Sample entropy and entropy of the mean assignment.

    Args:
        affinity: float `(..., K)`; larger is closer (negative distances).
        kind: "softmax", or "argmax" for hard assignments with straight-through
            gradients.
        temperature: divides `affinity`.

    Returns:
        `(sample_entropy, mean_entropy)`, two scalars.

    Raises:
        ValueError: on another `kind`.

    Example:
        >>> sure, uniform = km.losses.entropy_terms(np.zeros((5, 4)))
        >>> float(uniform)  # ln 4
        1.386...
    """
    affinity = _float32(affinity)
    affinity = ops.reshape(affinity, (-1, affinity.shape[-1])) / temperature
    probs = ops.softmax(affinity, axis=-1)
    log_probs = ops.log_softmax(affinity, axis=-1)
    if kind == "softmax":
        target = probs
    elif kind == "argmax":
        hard = ops.one_hot(ops.argmax(affinity, axis=-1), affinity.shape[-1])
        target = probs - ops.stop_gradient(probs - hard)
    else:
        raise ValueError(
            f"`kind` must be 'softmax' or 'argmax'. Received: kind={kind!r}"
        )
    mean = backend.mean_over_replicas(ops.mean(target, axis=0))
    sample_entropy = -ops.mean(ops.sum(target * log_probs, axis=-1))
    return sample_entropy, -ops.sum(mean * ops.log(mean + _EPSILON))


def entropy(affinity, kind="softmax", temperature=1.0):
    """Entropy loss of the codebook: sure about each feature, uniform over all.

    Arguments as in `entropy_terms`.

    Returns:
        Scalar: sample entropy minus the entropy of the mean.

    Example:
        >>> abs(float(km.losses.entropy(np.zeros((5, 4))))) < 1e-3  # neither sure nor biased
        True
    """
    sample_entropy, mean_entropy = entropy_terms(affinity, kind, temperature)
    return sample_entropy - mean_entropy


def commitment(features, quantized):
    """Mean squared distance that pulls features to their codes, unweighted.

    Example:
        >>> float(km.losses.commitment(np.zeros((1, 2)), np.full((1, 2), 3.0)))
        9.0
    """
    target = ops.stop_gradient(_float32(quantized))
    return ops.mean(ops.square(target - _float32(features)))


def codebook(features, quantized):
    """Mean squared distance that pulls codes to their features, unweighted.

    Example:
        >>> float(km.losses.codebook(np.zeros((1, 2)), np.full((1, 2), 3.0)))
        9.0
    """
    target = ops.stop_gradient(_float32(features))
    return ops.mean(ops.square(_float32(quantized) - target))


def quantizer(
    features,
    quantized,
    distances,
    *,
    commitment_cost=0.25,
    entropy_weight=0.1,
    entropy_temperature=0.01,
    entropy_kind="softmax",
):
    """Loss of the vector quantizer.

    Args:
        features: float `(..., D)`, output of the encoder.
        quantized: float `(..., D)`, their nearest codebook rows (not straight-through).
        distances: float `(..., K)`, squared distances to every row.
        commitment_cost: weight of the commitment term.
        entropy_weight: weight of the entropy term; 0 leaves it out.
        entropy_temperature: of the soft assignment.
        entropy_kind: "softmax" or "argmax".

    Returns:
        Scalar: commitment + codebook + entropy terms, weighted.

    Example:
        >>> features, codes = np.zeros((1, 2)), np.ones((1, 2))
        >>> float(km.losses.quantizer(features, codes, np.ones((1, 4)), entropy_weight=0))
        1.25
    """
    loss = commitment_cost * commitment(features, quantized)
    loss = loss + codebook(features, quantized)
    if entropy_weight:
        uncertainty = entropy(-_float32(distances), entropy_kind, entropy_temperature)
        loss = loss + entropy_weight * uncertainty
    return loss


# === Masked tokens ===================================================================


def token_cross_entropy(logits, targets, label_smoothing=0.0):
    """Cross-entropy of each position, unreduced.

    Args:
        logits: float `(..., V)`.
        targets: int32 `(...)`. An id outside [0, V), such as a prompt's, has no
            one-hot target: only the smoothing term is left.
        label_smoothing: probability mass spread evenly over all V ids.

    Returns:
        float32 `(...)`.

    Example:
        >>> float(km.losses.token_cross_entropy(np.zeros((1, 4)), np.array([2]))[0])  # ln 4
        1.386...
    """
    log_probs = ops.log_softmax(_float32(logits), axis=-1)
    size = log_probs.shape[-1]
    inside = ops.logical_and(targets >= 0, targets < size)
    index = ops.where(inside, targets, 0)
    chosen = ops.take_along_axis(log_probs, index[..., None], axis=-1)[..., 0]
    chosen = ops.where(inside, chosen, 0.0)
    loss = -(1.0 - label_smoothing) * chosen
    if label_smoothing:
        loss = loss - label_smoothing * ops.mean(log_probs, axis=-1)
    return loss


def masked_cross_entropy(logits, targets, weights, label_smoothing=1e-4):
    """COMMIT's loss: weighted cross-entropy, averaged per example, then over the batch.

    Args:
        logits: float `(B, ..., V)`.
        targets: int32 `(B, ...)`.
        weights: float `(B, ...)`; an example whose weights are all zero adds zero.
        label_smoothing: see `token_cross_entropy`.

    Returns:
        Scalar.

    Example:
        >>> targets, weights = np.array([[2, 0]]), np.array([[1.0, 0.0]])
        >>> float(km.losses.masked_cross_entropy(np.zeros((1, 2, 4)), targets, weights))
        1.386...

    Reference:
        MAGVIT, equations 3 and 4; `maskgvt_trainer.py` of the official code.
    """
    loss = token_cross_entropy(logits, targets, label_smoothing)
    weights = _float32(weights)
    axes = tuple(range(1, len(loss.shape)))
    total = ops.sum(weights, axis=axes)
    return ops.mean(ops.sum(loss * weights, axis=axes) / ops.maximum(total, 1e-8))
