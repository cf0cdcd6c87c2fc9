"""Stage 1 in one function: what the two players minimise."""

from typing import NamedTuple

from keras import ops

from keras_magvit import backend, losses


class PlayerLosses(NamedTuple):
    """One scalar a player.

    Attributes:
        generator: minimised by the tokenizer.
        discriminator: minimised by the discriminator.
    """

    generator: object
    discriminator: object


def player_losses(
    tokenizer, discriminator, recipe, video, lecam_averages, perceptual, step=0
):
    """Both losses from one forward pass.

        generator      = L2 + w_g E[adv(D(fake))] + w_p perceptual + w_q quantizer
        discriminator  = E[adv(D(real), D(fake))] + R1(real) + w_l LeCam

    Each is to be differentiated with respect to its own player alone, so nothing is
    stopped here.

    Args:
        tokenizer: `VideoTokenizer`, the generator.
        discriminator: `VideoDiscriminator`.
        recipe: `TokenizerRecipe`.
        video: float `(B, T, H, W, 3)` in [0, 1].
        lecam_averages: moving averages of the mean logits, `(real, fake)`.
        perceptual: function `(real, fake) -> scalar`, or None.
        step: int32 scalar, whose turn it is where R1 is lazy.

    Returns:
        `(PlayerLosses, aux)`; `aux` maps "terms" to weighted losses by name, "logits" to
        the mean `(real, fake)` logits, "ids" to int32 `(B, t, h, w)`, "psnr" to the
        batch's mean PSNR of the clipped reconstruction, in dB, and "features" to what
        was quantized, float `(B, t, h, w, D)`, where the quantizer tells.

    Reference:
        MAGVIT, section 3.1 and Appendix B.2; `trainers/vqgan_trainer.py`.
    """
    video = ops.cast(video, "float32")
    fake, quantized = tokenizer.reconstruct(video, training=True)
    real_logits, r1 = _real_logits_and_penalty(discriminator, recipe, video, step)
    fake_logits = discriminator(fake, training=True)
    means = backend.mean_over_replicas((ops.mean(real_logits), ops.mean(fake_logits)))

    generator_terms = {
        "reconstruction_loss": recipe.reconstruction_weight
        * ops.mean(ops.square(video - fake)),
        "generator_loss": recipe.adversarial_weight
        * losses.generator(fake_logits, recipe.adversarial),
    }
    if perceptual is not None:
        generator_terms["perceptual_loss"] = recipe.perceptual_weight * perceptual(
            video, fake
        )
    for name, term in quantized.losses.items():
        generator_terms[name] = recipe.quantizer_weight * term
    discriminator_terms = {
        "discriminator_loss": losses.discriminator(
            real_logits, fake_logits, recipe.adversarial
        )
    }
    if r1 is not None:
        discriminator_terms["r1_penalty"] = r1
    if recipe.lecam_weight:
        lecam = losses.lecam(*means, *lecam_averages)
        discriminator_terms["lecam_loss"] = recipe.lecam_weight * lecam

    totals = PlayerLosses(_sum(generator_terms), _sum(discriminator_terms))
    aux = {
        "terms": {**generator_terms, **discriminator_terms},
        "logits": means,
        "ids": quantized.ids,
        "psnr": ops.mean(_psnr(video, fake)),
    }
    if quantized.encoded is not None:
        aux["features"] = quantized.encoded
    return totals, aux


def _real_logits_and_penalty(discriminator, recipe, video, step):
    """Logits of the real videos, and R1 from the same forward pass."""

    def logits_of(x):
        return discriminator(x, training=True)

    def penalized():
        logits, penalty = _penalized(logits_of, recipe, video)
        return logits, recipe.r1_every * penalty

    if not recipe.r1_cost:
        return logits_of(video), None
    if recipe.r1_every == 1:
        return penalized()
    turn = ops.equal(step % recipe.r1_every, 0)
    return ops.cond(turn, penalized, lambda: (logits_of(video), ops.zeros(())))


def _penalized(logits_of, recipe, video):
    count, size = recipe.r1_examples, video.shape[0]
    if count is None or (size is not None and count >= size):
        logits, gradient = backend.value_and_input_gradient(logits_of, video)
        return logits, losses.r1(gradient, recipe.r1_cost)
    logits, gradient = backend.value_and_input_gradient(logits_of, video[:count])
    # TensorFlow learns the size when the step runs, and cannot convolve an empty batch:
    # where nothing is left, the last example is looked at again and dropped.
    start = count if size is not None else ops.minimum(count, ops.shape(video)[0] - 1)
    rest = logits_of(video[start:])[count - start :]
    return ops.concatenate([logits, rest]), losses.r1(gradient, recipe.r1_cost)


def _psnr(video, fake):
    error = ops.square(video - ops.clip(fake, 0.0, 1.0))
    error = ops.mean(error, axis=(1, 2, 3, 4))
    return -10.0 * ops.log10(ops.maximum(error, 1e-10))


def _sum(terms):
    return ops.cast(sum(terms.values()), "float32")
