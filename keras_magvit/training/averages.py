"""The moving averages of stage 1: the tokenizer's weights, and LeCam's means."""

import keras
import numpy as np
from keras import ops


class AveragesMixin:
    """Keeps the averages of a trainer of `recipe` and `tokenizer`, and reads by them."""

    def _make_averages(self):
        variables = self.tokenizer.trainable_variables
        self.averages = [self._average_of(variable) for variable in variables]
        self.lecam_averages = [
            self._average(name, (), "zeros") for name in ("lecam_real", "lecam_fake")
        ]

    def _average_of(self, variable):
        name = f"average_{variable.path.replace('/', '_')}"
        average = self._average(name, variable.shape, "zeros")
        # A copy: two variables that share a buffer cannot be donated by JAX.
        average.assign(np.array(ops.convert_to_numpy(variable)))
        return average

    def _average(self, name, shape, initializer):
        # Without an aggregation the replicas of tf.distribute would drift apart.
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype="float32",
            trainable=False,
            aggregation="mean",
        )

    def _move_averages(self, logits):
        decay = of_weights = self.recipe.average_decay
        if self._batches_an_update > 1:
            updated = self.optimizer.iterations % self._batches_an_update == 0
            of_weights = ops.where(updated, decay, 1.0)
        pairs = zip(self.averages, self.tokenizer.trainable_variables, strict=True)
        for average, weight in pairs:
            value = ops.convert_to_tensor(weight)
            average.assign(of_weights * average + (1 - of_weights) * value)
        for average, logit in zip(self.lecam_averages, logits, strict=True):
            average.assign(decay * average + (1 - decay) * logit)

    def _averaged(self):
        """A scope in which the tokenizer's variables read as their averages."""
        held = [(v, v.value) for v in self.variables]
        pairs = zip(self.tokenizer.trainable_variables, self.averages, strict=True)
        return keras.StatelessScope([*held, *((v, a.value) for v, a in pairs)])

    def averaged_tokenizer(self):
        """A new `VideoTokenizer` that holds the moving averages."""
        tokenizer = type(self.tokenizer).from_config(self.tokenizer.get_config())
        for target, source in zip(
            tokenizer.variables, self.tokenizer.variables, strict=True
        ):
            target.assign(np.array(ops.convert_to_numpy(source)))
        for target, average in zip(
            tokenizer.trainable_variables, self.averages, strict=True
        ):
            target.assign(np.array(ops.convert_to_numpy(average)))
        return tokenizer
