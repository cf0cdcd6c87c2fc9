"""`compile`, the loss and the examples of a `MAGVIT`'s training."""

import keras
from keras import ops

from keras_magvit import backend, losses, recipes
from keras_magvit.fitting import sources
from keras_magvit.fitting.examples import ExampleMaker, Part
from keras_magvit.fitting.streamed import StreamedFit

# No training has it: seeds of users are smaller.
_EVALUATION_SEED = 2**31


class FitMixin(StreamedFit):
    """Trains a model that maps int32 `(B, L)` to logits `(B, N, K)`.

    The step is Keras' own on every backend: examples are made before it, so only the
    loss is left to define. The tokenizer is frozen and takes no part in it.

    Logs, beside `loss`: `refine_loss`, `mask_loss` and `recons_loss`, the mean
    cross-entropy of the cells of each part, and `masked_accuracy`, the share of [MASK]
    cells whose likeliest id is the right one.
    """

    def compile(
        self,
        optimizer=None,
        recipe="paper",
        *,
        steps=None,
        warmup_steps=None,
        seed=0,
        gradient_accumulation_steps=None,
        remat=False,
        jit_compile="auto",
        **kwargs,
    ):
        """Sets objective and optimizer, and starts counting steps from 0.

        Args:
            optimizer: None makes the recipe's.
            recipe: name of a recipe, or a `recipes.TransformerRecipe`.
            steps: updates over which the recipe's rate decays; None keeps it constant
                after the warm-up.
            warmup_steps: of the linear warm-up; None takes the recipe's.
            seed: int in [0, 2**31), of tasks, masks and the order of arrays.
            gradient_accumulation_steps: batches an update, for the recipe's optimizer.
            remat: compute the activations inside each block again for the gradient: less
                memory, about a third more time.
            jit_compile: "auto" compiles with XLA where that is the faster path.
            **kwargs: of `keras.Model.compile`; there is no `loss` to choose.

        Raises:
            ValueError: on an unknown recipe or a value out of range.
        """
        if "loss" in kwargs:
            raise ValueError(
                "The loss is COMMIT's; a recipe sets its terms. "
                f"Received: loss={kwargs['loss']!r}"
            )
        if not 0 <= seed < _EVALUATION_SEED:
            raise ValueError(
                f"`seed` must be an int in [0, {_EVALUATION_SEED}). "
                f"Received: seed={seed!r}"
            )
        self.recipe = recipes.transformer(recipe)
        self.seed = seed
        self._compile_arguments = {
            "optimizer": optimizer,
            "recipe": self.recipe.get_config(),
            "steps": steps,
            "warmup_steps": warmup_steps,
            "seed": seed,
            "gradient_accumulation_steps": gradient_accumulation_steps,
            "remat": remat,
        }
        self.transformer.remat = remat
        if optimizer is None:
            optimizer = self.recipe.optimizer(
                steps, warmup_steps, gradient_accumulation_steps
            )
        elif gradient_accumulation_steps is not None:
            raise ValueError(
                "Set `gradient_accumulation_steps` on the optimizer itself. Received: "
                f"gradient_accumulation_steps={gradient_accumulation_steps}"
            )
        if jit_compile == "auto":
            jit_compile = backend.jit_by_default() and not kwargs.get("run_eagerly")
        self._make_state()
        optimizer = backend.synchronized(keras.optimizers.get(optimizer))
        optimizer = backend.updates_in_one_pass(optimizer)
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **kwargs)
        # Before the first step: TensorFlow would build it inside the traced graph.
        self.optimizer.build(self.trainable_variables)

    def _make_state(self):
        if not hasattr(self, "batches_seen"):
            # A weight, so that it is saved and restored with the rest.
            self.batches_seen = self.add_weight(
                name="batches_seen",
                shape=(),
                initializer="zeros",
                dtype="int32",
                trainable=False,
                aggregation="only_first_replica",
            )
            self._part_losses = {
                part: keras.metrics.Mean(name=f"{part.name.lower()}_loss")
                for part in self._parts()
            }
            self._masked_accuracy = keras.metrics.Mean(name="masked_accuracy")
        self.batches_seen.assign(0)

    def _parts(self):
        """The parts that the model's cells can belong to."""
        if self.conditioning.causal:
            return (Part.MASK,)
        if self.conditioning.mask_mode == "commit":
            return (Part.REFINE, Part.MASK, Part.RECONS)
        return (Part.MASK, Part.RECONS)

    # === The step =====================================================================

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """COMMIT's loss; also counts the step and updates the metrics.

        Args:
            x: not read.
            y: int32 `(B, N)`, targets.
            y_pred: float32 `(B, N, K)`, logits.
            sample_weight: int32 `(B, N)`, the `Part` of each cell.
            training: bool.

        Returns:
            Scalar: cross-entropy of the parts that the recipe trains, averaged over each
            example, then over the batch.

        Reference:
            MAGVIT, equations 3 and 4; `trainers/maskgvt_trainer.py`.
        """
        del x
        cells = {
            part: ops.cast(ops.equal(sample_weight, int(part)), "float32")
            for part in self._part_losses
        }
        cross_entropy = losses.token_cross_entropy(
            y_pred, y, self.recipe.label_smoothing
        )
        right = ops.cast(ops.equal(ops.argmax(y_pred, axis=-1), y), "float32")
        for part, tracker in self._part_losses.items():
            tracker.update_state(cross_entropy, cells[part])
        self._masked_accuracy.update_state(right, cells[Part.MASK])
        if training:
            self.batches_seen.assign_add(1)

        terms = self.recipe.weights.upper().split("+")
        weights = sum(cells[part] for part in cells if part.name in terms)
        total = ops.maximum(ops.sum(weights, axis=-1), 1e-8)
        loss = ops.mean(ops.sum(cross_entropy * weights, axis=-1) / total)
        return backend.share_of_loss(loss)

    # === Training =====================================================================

    def evaluate(self, x, *, batch_size=None, steps=None, tasks=None, **kwargs):
        """Measures the loss on masks that are the same at every call.

        Args:
            x: as in `fit`.
            batch_size: as in `fit`.
            steps: batches to look at; None looks at all.
            tasks: names of the tasks to look at, in turns; None takes the model's.
            **kwargs: `callbacks`, `verbose`, `return_dict` of `keras.Model.evaluate`.

        Returns:
            The loss and the metrics, as `keras.Model.evaluate` does.

        Raises:
            ValueError: as `fit`.
        """
        if tasks is not None:
            self._check_compiled("evaluate")
            tasks = (tasks,) if isinstance(tasks, str) else tasks
            x, steps = self._prepare(x, batch_size, steps, tasks=tasks), None
        return super().evaluate(x, batch_size=batch_size, steps=steps, **kwargs)

    def _maker(self, x, training=True, tasks=None):
        sources.check_fits(x, self, tasks)
        seed = self.seed if training else _EVALUATION_SEED
        return ExampleMaker(self, self.recipe, seed, training, tasks)

    def _steps_done(self):
        # A variable of tf.distribute is no number.
        return int(ops.convert_to_numpy(self.batches_seen))

    # === Config =======================================================================

    def get_compile_config(self):
        """Arguments of `compile`, for `.keras` files."""
        if not self.compiled:
            return {}
        config = dict(self._compile_arguments)
        if config["optimizer"] is not None:
            config["optimizer"] = keras.saving.serialize_keras_object(
                keras.optimizers.get(config["optimizer"])
            )
        return config

    def compile_from_config(self, config):
        """The inverse of `get_compile_config`."""
        config = dict(config)
        if config["optimizer"] is not None:
            config["optimizer"] = keras.saving.deserialize_keras_object(
                config["optimizer"]
            )
        config["recipe"] = recipes.TransformerRecipe(**config["recipe"])
        self.compile(**config)
