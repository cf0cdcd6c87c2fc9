"""The stand-in's side: runs the work of a `Case` in plain JAX."""

import functools

import jax
import jax.numpy as jnp

from benchmarks import jobs, plain_jax, plain_jax_training


def run(case, clock):
    """Runs a case until the clock is done."""
    _WORKS[case.work](case, clock)


def _repeat(clock, function, *arguments):
    compiled = jax.jit(function)
    while not clock.done:
        clock.start()
        jax.block_until_ready(compiled(*arguments))
        clock.stop()


def _encode(case, clock):
    config = case.tokenizer
    weights = plain_jax.tokenizer_weights(config)

    def encode(weights, video):
        return plain_jax.encode(weights, config, video)

    _repeat(clock, encode, weights, jobs.video(case))


def _decode(case, clock):
    config = case.tokenizer
    weights = plain_jax.tokenizer_weights(config)

    def decode(weights, ids):
        return plain_jax.decode(weights, config, ids)

    _repeat(clock, decode, weights, jobs.ids(case))


def _forward(case, clock):
    config = case.transformer
    weights = plain_jax.transformer_weights(config)

    def forward(weights, ids):
        return plain_jax.transform(weights, config, ids)

    _repeat(clock, forward, weights, jobs.sequence(case))


def _generate(case, clock):
    tokenizer, transformer = case.tokenizer, case.transformer
    codes, mask_row = tokenizer["codebook_size"], transformer["vocabulary_size"] - 1
    weights = plain_jax.transformer_weights(transformer)
    of_tokenizer = plain_jax.tokenizer_weights(tokenizer)
    prefix = jnp.full((case.batch, 2), codes)

    @jax.jit
    def fill(weights, key):
        def noise(step):
            shape = (case.batch, case.num_latents)
            first, second = jax.random.split(jax.random.fold_in(key, step))
            return jax.random.gumbel(first, (*shape, codes)), jax.random.gumbel(
                second, shape
            )

        return plain_jax.fill(
            weights,
            transformer,
            prefix,
            mask_row,
            codes,
            case.num_latents,
            case.steps,
            noise,
        )

    @jax.jit
    def decode(weights, ids):
        grid = ids.reshape(case.batch, *case.latent_shape)
        return jnp.clip(plain_jax.decode(weights, tokenizer, grid), 0.0, 1.0)

    while not clock.done:
        clock.start()
        ids = jax.block_until_ready(fill(weights, jax.random.key(0)))
        filled = clock.elapsed()
        jax.block_until_ready(decode(of_tokenizer, ids))
        clock.stop(transformer=filled, tokenizer=clock.elapsed() - filled)


def _steps(clock, step, state, *batch):
    """Training steps, whose state is given up to the next."""
    compiled = jax.jit(step, donate_argnums=0)
    while not clock.done:
        clock.start()
        _, state = jax.block_until_ready(compiled(state, *batch))
        clock.stop()


def _train_tokenizer(case, clock):
    configs = case.tokenizer, case.discriminator
    step = functools.partial(plain_jax_training.tokenizer_step, configs)
    state = plain_jax_training.new_players(configs)
    # Two names of one buffer cannot both be given up.
    state = jax.tree.map(jnp.array, state)
    _steps(clock, step, state, jobs.video(case))


def _train_transformer(case, clock):
    config, codes = case.transformer, case.tokenizer["codebook_size"]
    step = functools.partial(plain_jax_training.transformer_step, config, codes)
    weights = plain_jax.transformer_weights(config)
    state = weights, plain_jax_training.new_moments(weights), jax.random.key(0)
    targets = jobs.ids(case).reshape(case.batch, -1)
    _steps(clock, step, jax.tree.map(jnp.array, state), jobs.sequence(case), targets)


_WORKS = {
    "encode": _encode,
    "decode": _decode,
    "forward": _forward,
    "generate": _generate,
    "train-tokenizer": _train_tokenizer,
    "train-transformer": _train_transformer,
}
