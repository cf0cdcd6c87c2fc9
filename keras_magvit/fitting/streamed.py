"""`fit` and `evaluate` of both stages: Keras' own, fed by a `Stream`."""

import itertools

from keras_magvit import backend
from keras_magvit.fitting import sources
from keras_magvit.fitting.stream import Stream, batch_size_of, steps_of_epoch


class StreamedFit:
    """A mixin for a `keras.Model` with a `recipe` and a `seed`.

    The model says how many steps it has done (`_steps_done`), and what makes of a batch
    what a step reads (`_maker`).
    """

    def fit(
        self,
        x,
        *,
        batch_size=None,
        epochs=1,
        steps_per_epoch=None,
        validation_data=None,
        validation_steps=None,
        shuffle=False,
        **kwargs,
    ):
        """Trains the model.

        Args:
            x: a `data.ClipDataset`, clips or a dict of arrays, a `tf.data.Dataset`, a
                `PyDataset` or any iterable of batches. The first three go on where an
                earlier `fit` stopped. A batch is a dict with "video", clips
                `(B, T, H, W, 3)`, uint8 or float in [0, 1]; stage 1 also takes the clips
                alone, or a tuple that starts with either, and stage 2 a dict with more,
                see `fitting.ExampleMaker`.
            batch_size: clips a step, for clip datasets and arrays; None takes the
                recipe's, or all there are if these are fewer.
            epochs: as in Keras.
            steps_per_epoch: None makes one pass over `x`.
            validation_data: as `x`; what is made of it is kept in memory.
            validation_steps: batches of it to look at; None looks at all.
            shuffle: False. Clip datasets and arrays are shuffled before they come here,
                anything else keeps its order.
            **kwargs: `callbacks`, `verbose`, `initial_epoch`, `validation_freq` of
                `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: if the model is not compiled, `x` is empty or its length unknown
                without `steps_per_epoch`, or a batch does not fit the model.
        """
        self._check_compiled("fit")
        if shuffle:
            raise ValueError(
                "`shuffle` must be False: clip datasets and arrays are shuffled anyway, "
                f"and other datasets keep their order. Received: shuffle={shuffle!r}"
            )
        x = sources.as_dataset(x, self.seed)
        make = self._maker(x)
        batch_size = batch_size_of(x, batch_size, self.recipe.batch_size)
        steps = steps_of_epoch(x, batch_size, steps_per_epoch)
        validation = None
        if validation_data is not None:
            validation = self._prepare(validation_data, batch_size, validation_steps)
        start, devices = self._steps_done(), backend.device_count(self)
        with Stream(make, x, batch_size, start, devices=devices) as stream:
            return super().fit(
                self._begun(stream.examples()),
                epochs=epochs,
                steps_per_epoch=steps,
                validation_data=validation,
                shuffle=False,
                **kwargs,
            )

    def evaluate(self, x, *, batch_size=None, steps=None, **kwargs):
        """Measures the losses on what is the same at every call.

        Args:
            x: as in `fit`; what is made of it is kept in memory.
            batch_size: as in `fit`.
            steps: batches to look at; None looks at all.
            **kwargs: `callbacks`, `verbose`, `return_dict` of `keras.Model.evaluate`.

        Returns:
            The losses, as `keras.Model.evaluate` does.

        Raises:
            ValueError: as `fit`.
        """
        if not isinstance(x, sources.PreparedExamples):
            self._check_compiled("evaluate")
            x = self._prepare(x, batch_size, steps)
            steps = None
        return super().evaluate(x, steps=steps, **kwargs)

    def _prepare(self, x, batch_size, steps, **options):
        """All examples of `x`, or those of the first `steps` batches."""
        x = sources.as_dataset(x, training=False)
        make = self._maker(x, training=False, **options)
        batch_size = batch_size_of(x, batch_size, self.recipe.batch_size)
        batches = itertools.islice(sources.one_pass(x, batch_size), steps)
        devices = backend.device_count(self)
        stream = Stream(make, x, None, batches=batches, devices=devices)
        return sources.PreparedExamples(list(stream.examples()))

    def _begun(self, examples):
        """The generator of examples, which may be looked at before the first step."""
        return examples

    def _check_compiled(self, method):
        if not self.compiled:
            raise ValueError(
                f"Call `compile()` before `{method}()`. Received: compiled=False"
            )

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Everything is built: Keras would take a batch of `tf.distribute` and lose it."""
