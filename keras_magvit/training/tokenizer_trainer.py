"""Stage 1: the tokenizer against the discriminator."""

import re

import keras
from keras import ops

from keras_magvit import backend, recipes
from keras_magvit.training.averages import AveragesMixin
from keras_magvit.training.codebook import CodebookMixin
from keras_magvit.training.tokenizer_fit import TokenizerFitMixin, video_of
from keras_magvit.training.tokenizer_losses import PlayerLosses, player_losses
from keras_magvit.training.usage import CodebookUsage


class _Untracked:
    """Hides what is frozen from Keras, which tracks attributes: JAX donates state."""

    def __init__(self, value):
        self.value = value


class VideoTokenizerTrainer(
    TokenizerFitMixin, AveragesMixin, CodebookMixin, keras.Model
):
    """Trains a tokenizer and its discriminator together with `fit`.

    Both players step at once, from one forward pass and the same weights.

    Args:
        tokenizer: `VideoTokenizer`, the generator.
        discriminator: `VideoDiscriminator`.
        recipe: name of a recipe, or a `recipes.TokenizerRecipe`.
        perceptual: function `(real, fake) -> scalar` on float `(B, n, H, W, 3)` frames in
            [0, 1]; None takes the network that the recipe names.
        **kwargs: of `keras.Model`.

    Attributes:
        averages: the tokenizer's moving averages, in the order of its trainable
            variables. Evaluation reads them; `averaged_tokenizer()` is what to ship.

    Raises:
        ValueError: on an unknown recipe, or one that starts or restarts the codebook of
            a quantizer that has none.

    Example:
        >>> trainer = VideoTokenizerTrainer(tokenizer, discriminator, recipe="tiny")
        >>> trainer.compile(steps=2)
        >>> history = trainer.fit(dataset, batch_size=4, steps_per_epoch=2, verbose=0)
        >>> trainer.averaged_tokenizer().save_to_preset("my_tokenizer/")

    Reference:
        MAGVIT, section 3.1 and Appendix B.2; `trainers/vqgan_trainer.py`.
    """

    def __init__(
        self, tokenizer, discriminator, recipe="paper", perceptual=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.recipe = recipes.tokenizer(recipe)
        self.tokenizer = tokenizer
        self.discriminator = discriminator
        if perceptual is None and self.recipe.perceptual:
            from keras_magvit.training.perceptual import perceptual_loss

            perceptual = perceptual_loss(self.recipe.perceptual)
        self._perceptual = _Untracked(perceptual)
        self._make_averages()
        self.codebook_usage = CodebookUsage(tokenizer.codebook_size)
        self.code_restart = self._make_code_restart()
        self._trackers = {
            name: keras.metrics.Mean(name=name) for name in self._log_names()
        }
        self.built = True

    def _log_names(self):
        recipe = self.recipe
        names = ["generator_total", "discriminator_total", "reconstruction_loss"]
        names += ["generator_loss", *self.tokenizer.quantizer.loss_names]
        names += ["discriminator_loss", "real_logit", "fake_logit", "psnr"]
        names += ["generator_gradient_norm", "discriminator_gradient_norm"]
        names += ["perceptual_loss"] * (self._perceptual.value is not None)
        names += ["r1_penalty"] * bool(recipe.r1_cost)
        names += ["lecam_loss"] * bool(recipe.lecam_weight)
        return names

    # === Compilation ==================================================================

    def compile(
        self,
        optimizer=None,
        discriminator_optimizer=None,
        *,
        steps=None,
        warmup_steps=0,
        seed=0,
        gradient_accumulation_steps=None,
        remat=False,
        jit_compile="auto",
        **kwargs,
    ):
        """Sets both players' optimizers.

        Args:
            optimizer: of the tokenizer; None makes the recipe's.
            discriminator_optimizer: of the discriminator; None makes the recipe's.
            steps: updates over which the recipe's rate decays; None keeps it constant
                after the warm-up.
            warmup_steps: of the recipe's linear warm-up.
            seed: int >= 0, of the order of arrays, and of the codebook's start and
                restarts where the recipe has these.
            gradient_accumulation_steps: batches an update, for the recipe's optimizers.
            remat: compute the activations inside each residual block of the tokenizer
                again for the gradient: less memory, more time.
            jit_compile: "auto" compiles with XLA where that is the faster path.
            **kwargs: of `keras.Model.compile`.
        """
        if seed < 0:
            raise ValueError(f"`seed` must be at least 0. Received: seed={seed}")
        self.seed = seed
        recipe = self.recipe
        self.tokenizer.encoder.remat = self.tokenizer.decoder.remat = remat
        made = recipe.optimizers(steps, warmup_steps, gradient_accumulation_steps)
        players = (
            optimizer or made.generator,
            discriminator_optimizer or made.discriminator,
        )
        optimizer = self._joined(
            *(
                backend.updates_in_one_pass(backend.synchronized(player))
                for player in players
            )
        )
        if jit_compile == "auto":
            jit_compile = backend.jit_by_default()
        super().compile(
            optimizer=optimizer,
            jit_compile=jit_compile,
            auto_scale_loss=False,
            **kwargs,
        )
        # Before the first step: TensorFlow would build it inside the traced graph.
        self.optimizer.build(self.trainable_variables)

    def _joined(self, generator, discriminator):
        """One optimizer of both players, which scales their losses under float16."""
        counts = {
            o.gradient_accumulation_steps or 1 for o in (generator, discriminator)
        }
        if len(counts) > 1:
            raise ValueError(
                "Both optimizers must accumulate gradients over as many steps. "
                f"Received: gradient_accumulation_steps={sorted(counts)}"
            )
        (self._batches_an_update,) = counts
        pattern = f"(.*/)?{re.escape(self.discriminator.name)}/.*"
        players = keras.optimizers.OptimizerMap(generator, {pattern: discriminator})
        optimizer = keras.optimizers.MultiOptimizer(players)
        models = self.tokenizer, self.discriminator
        self._scales = any(m.compute_dtype == "float16" for m in models)
        return (
            keras.optimizers.LossScaleOptimizer(optimizer)
            if self._scales
            else optimizer
        )

    @property
    def metrics(self):
        return [*self._trackers.values(), self.codebook_usage]

    # === Steps ========================================================================

    def call(self, inputs, training=False):
        """Reconstruction of float `(B, T, H, W, 3)` by the tokenizer."""
        return self.tokenizer(inputs, training=training)

    def train_step(self, *arguments):
        return backend.run_step(self, self._train, *arguments)

    def test_step(self, *arguments):
        return backend.run_step(self, self._evaluate, *arguments)

    def losses_and_gradients(self, video):
        """What one step computes before it changes anything.

        Args:
            video: float `(B, T, H, W, 3)` in [0, 1].

        Returns:
            `(PlayerLosses, aux, (generator gradients, discriminator gradients))`, in the
            order of the players' trainable variables; see `player_losses` for `aux`.
            Under float16 the gradients are those of losses that the optimizer scaled.
        """
        players = (
            self.tokenizer.trainable_variables,
            self.discriminator.trainable_variables,
        )

        def scaled_losses():
            totals, aux = self._player_losses(video, self.recipe)
            return [self._scaled(x) for x in totals], {**aux, "totals": totals}

        _, aux, gradients = backend.player_gradients(scaled_losses, players, self)
        return PlayerLosses(*aux.pop("totals")), aux, gradients

    def _scaled(self, loss):
        return self.optimizer.scale_loss(loss) if self.compiled else loss

    def _player_losses(self, video, recipe):
        averages = [ops.convert_to_tensor(v) for v in self.lecam_averages]
        return player_losses(
            self.tokenizer,
            self.discriminator,
            recipe,
            video,
            averages,
            self._look if self._perceptual.value else None,
            self._step() if recipe.r1_cost and recipe.r1_every > 1 else 0,
        )

    def _step(self):
        return ops.cast(self.optimizer.iterations, "int32")

    def _look(self, real, fake):
        """The perceptual loss of the frames whose turn it is."""
        count, frames = self.recipe.perceptual_frames, real.shape[1]
        if count is not None and count < frames:
            chosen = ops.cast(ops.arange(count) * frames // count, "int32")
            chosen = chosen + self._step()
            real = ops.take(real, chosen % frames, axis=1)
            fake = ops.take(fake, chosen % frames, axis=1)
        return self._perceptual.value(real, fake)

    def _train(self, data):
        totals, aux, (of_generator, of_discriminator) = self.losses_and_gradients(
            video_of(data)
        )
        backend.apply_gradients(
            self.optimizer,
            [*of_generator, *of_discriminator],
            [
                *self.tokenizer.trainable_variables,
                *self.discriminator.trainable_variables,
            ],
        )
        self._move_averages(aux["logits"])
        self._restart_codes(aux)
        self.codebook_usage.update_state(aux["ids"])
        return self._log(
            totals,
            aux,
            generator_gradient_norm=self._norm(of_generator),
            discriminator_gradient_norm=self._norm(of_discriminator),
        )

    def _evaluate(self, data):
        recipe = self.recipe.replace(r1_cost=0.0)  # it regularises a step, nothing else
        with self._averaged():
            totals, aux = self._player_losses(video_of(data), recipe)
        self.codebook_usage.update_state(aux["ids"])
        seen = self._log(totals, aux)
        return {k: v for k, v in self.get_metrics_result().items() if k in seen}

    def _log(self, totals, aux, **more):
        values = {
            "generator_total": totals.generator,
            "discriminator_total": totals.discriminator,
            "real_logit": aux["logits"][0],
            "fake_logit": aux["logits"][1],
            "psnr": aux["psnr"],
            **aux["terms"],
            **more,
        }
        for name, value in values.items():
            self._trackers[name].update_state(value)
        # The step's own values go to the callbacks; Keras puts the means in their
        # place at the end of the epoch.
        return {**values, **self.codebook_usage.result()}

    def _norm(self, gradients):
        """Global norm, in float32; 0 for a step that overflowed and is skipped."""
        squares = [ops.sum(ops.square(ops.cast(g, "float32"))) for g in gradients]
        norm = ops.sqrt(sum(squares)) / self._scaled(1.0)
        return ops.where(ops.isfinite(norm), norm, 0.0) if self._scales else norm
