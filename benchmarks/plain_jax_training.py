"""Training steps in plain JAX, float32; see `plain_jax`."""

import functools

import jax
import jax.numpy as jnp

from benchmarks import plain_jax


def mean_square(x):
    return jnp.mean(jnp.square(x))


# === Optimizer =======================================================================


def new_moments(weights):
    """Adam's state."""
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return {"first": zeros, "second": zeros, "count": jnp.zeros((), "int32")}


def adam(weights, gradients, moments, rate, beta_1, beta_2, decay=0.0):
    """One step of Adam; `decay` applies to kernels."""
    count = moments["count"] + 1
    first = jax.tree.map(
        lambda m, g: beta_1 * m + (1 - beta_1) * g, moments["first"], gradients
    )
    second = jax.tree.map(
        lambda v, g: beta_2 * v + (1 - beta_2) * g * g, moments["second"], gradients
    )

    def updated(name, weight):
        mean = first[name] / (1 - beta_1**count)
        square = second[name] / (1 - beta_2**count)
        step = mean / (jnp.sqrt(square) + 1e-8)
        if decay and name.endswith("kernel"):
            step = step + decay * weight
        return weight - rate * step

    weights = {name: updated(name, weight) for name, weight in weights.items()}
    return weights, {"first": first, "second": second, "count": count}


# === Stage 1 =========================================================================


def player_losses(generator, discriminator, configs, video, averages):
    """Both players' losses: the "paper" recipe without a perceptual network.

    Args:
        generator, discriminator: weights.
        configs: `(tokenizer, discriminator)`.
        video: float `(B, T, H, W, 3)`.
        averages: moving averages of the mean logits, `(real, fake)`.

    Returns:
        `((generator loss, discriminator loss), mean logits)`.
    """
    tokenizer_config, discriminator_config = configs
    features = plain_jax.encode_features(generator, tokenizer_config, video)
    distances = plain_jax.distances(generator, features)
    ids = jnp.argmin(distances, axis=1).reshape(features.shape[:-1])
    codes = generator["quantizer/codebook"][ids]
    straight = features + jax.lax.stop_gradient(codes - features)
    fake = plain_jax.decode_features(generator, tokenizer_config, straight)

    judge = functools.partial(
        plain_jax.discriminate, discriminator, discriminator_config
    )

    def summed(clips):
        logits = judge(clips)
        return jnp.sum(logits), logits

    (_, real_logits), slope = jax.value_and_grad(summed, has_aux=True)(video)
    fake_logits = judge(fake)
    real, unreal = jnp.mean(real_logits), jnp.mean(fake_logits)

    loss = mean_square(video - fake)
    loss += 0.1 * jnp.mean(jax.nn.softplus(-fake_logits))
    loss += 0.25 * mean_square(jax.lax.stop_gradient(codes) - features)
    loss += mean_square(codes - jax.lax.stop_gradient(features))
    loss += 0.1 * _entropy(-distances / 0.01)

    judged = jnp.mean(jax.nn.softplus(-real_logits))
    judged += jnp.mean(jax.nn.softplus(fake_logits))
    judged += 10.0 * jnp.mean(jnp.sum(jnp.square(slope), axis=(1, 2, 3, 4)))
    lecam = jnp.square(jax.nn.relu(real - averages[1]))
    lecam += jnp.square(jax.nn.relu(averages[0] - unreal))
    return (loss, judged + 0.001 * lecam), jnp.stack([real, unreal])


def _entropy(affinity):
    log_probs = jax.nn.log_softmax(affinity)
    probs = jnp.exp(log_probs)
    mean = jnp.mean(probs, axis=0)
    each = -jnp.mean(jnp.sum(probs * log_probs, axis=1))
    return each + jnp.sum(mean * jnp.log(mean + 1e-5))


def player_gradients(generator, discriminator, configs, video, averages):
    """`(losses, (generator gradients, discriminator gradients), mean logits)`."""

    def losses_of(generator, discriminator):
        return player_losses(generator, discriminator, configs, video, averages)

    losses, pull_back, logits = jax.vjp(
        losses_of, generator, discriminator, has_aux=True
    )
    of_generator, _ = pull_back((jnp.ones(()), jnp.zeros(())))
    _, of_discriminator = pull_back((jnp.zeros(()), jnp.ones(())))
    return losses, (of_generator, of_discriminator), logits


def new_players(configs):
    """The state that `tokenizer_step` takes and gives."""
    generator = plain_jax.tokenizer_weights(configs[0])
    discriminator = plain_jax.discriminator_weights(configs[1], seed=1)
    return {
        "generator": generator,
        "average": generator,
        "discriminator": discriminator,
        "moments": (new_moments(generator), new_moments(discriminator)),
        "logits": jnp.zeros(2),
    }


def tokenizer_step(configs, state, video):
    """One step of both players."""
    losses, gradients, logits = player_gradients(
        state["generator"], state["discriminator"], configs, video, state["logits"]
    )
    settings = {"rate": 1e-4, "beta_1": 0.0, "beta_2": 0.99}
    players = [
        adam(state[name], gradient, moments, **settings)
        for name, gradient, moments in zip(
            ("generator", "discriminator"), gradients, state["moments"], strict=True
        )
    ]
    (generator, first), (discriminator, second) = players

    def average(old, new):
        return jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b, old, new)

    return losses, {
        "generator": generator,
        "average": average(state["average"], generator),
        "discriminator": discriminator,
        "moments": (first, second),
        "logits": average(state["logits"], logits),
    }


# === Stage 2 =========================================================================


def token_loss(weights, config, inputs, targets, codes, key=None):
    """Cross-entropy of all latents, with label smoothing.

    Args:
        weights, config: of the transformer.
        inputs: int32 `(B, L)`.
        targets: int32 `(B, N)`.
        codes: K.
        key: of dropout; None leaves it out.
    """
    logits = plain_jax.transform(weights, config, inputs, key)
    log_probs = jax.nn.log_softmax(logits[:, -targets.shape[1] :, :codes])
    right = jnp.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
    return jnp.mean(-(1 - 1e-4) * right - 1e-4 * jnp.mean(log_probs, axis=-1))


def transformer_step(config, codes, state, inputs, targets):
    """One step of AdamW on clipped gradients; `state` is `(weights, moments, key)`."""
    weights, moments, key = state
    key, own = jax.random.split(key)
    loss, gradients = jax.value_and_grad(token_loss)(
        weights, config, inputs, targets, codes, own
    )
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradients)))
    gradients = jax.tree.map(lambda g: g / jnp.maximum(norm, 1.0), gradients)
    weights, moments = adam(weights, gradients, moments, 1e-4, 0.9, 0.96, 0.045)
    return loss, (weights, moments, key)
